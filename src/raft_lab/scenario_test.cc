// Stories about the core, word for word (testdata/*.txt): comments, lines for the lab, and below
// `----` what happened. DISTKV_REWRITE=1 writes what happens now; read the difference, and ask of
// each story whether it shows what its title claims.
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/mutant.h"
#include "raft_lab/script.h"

namespace distkv::raft_lab {
namespace {

constexpr std::string_view kRule = "----";

bool acts(const std::string& line) {
    return !Lab::says_nothing(line);
}

// What only prepares the ground is not told.
bool is_told(const std::string& line) {
    const auto begins = [&line](std::string_view word) { return line.starts_with(word); };
    return acts(line) &&
           std::ranges::none_of(std::array{"quiet ", "set ", "cores ", "voters ", "wait "}, begins);
}

// What happens when these lines are done; a line that is not the only one is told as well.
std::string happens(Script& script, const std::vector<std::string>& lines) {
    std::string told;
    const bool many = std::ranges::count_if(lines, is_told) > 1;
    for (const std::string& line : lines) {
        told += many && is_told(line) ? "> " + line + "\n" : "";
        const auto done = script.take(line);
        for (const std::string& happened : script.lab().take_trace()) {
            told += happened + "\n";
        }
        told += done ? "" : done.error().detail + "\n";
    }
    return told;
}

// The lines of a story, with what happens below each `----`. One lab serves the whole story.
std::string told_again(const std::string& story) {
    std::istringstream in(story);
    std::string told;
    Script script;
    std::vector<std::string> lines;
    bool in_trace = false;
    for (std::string line; std::getline(in, line);) {
        in_trace = in_trace && !line.empty();
        if (in_trace) {
            continue;
        }
        told += line + "\n";
        in_trace = line == kRule;
        if (in_trace) {
            told += happens(script, std::exchange(lines, {}));
        } else {
            lines.push_back(line);
        }
    }
    EXPECT_TRUE(std::ranges::none_of(lines, acts)) << "nothing is told about the end of\n" << story;
    return told;
}

std::string text_of(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

TEST(Scenario, WhatHappensIsWhatIsTold) {
    const bool rewrite = std::getenv("DISTKV_REWRITE") != nullptr;
    std::size_t stories = 0;
    for (const auto& entry : std::filesystem::directory_iterator(DISTKV_TESTDATA)) {
        if (entry.path().extension() != ".txt") {
            continue;
        }
        ++stories;
        const std::string text = text_of(entry.path());
        const std::string told = told_again(text);
        if (rewrite) {
            std::ofstream(entry.path()) << told;
        } else {
            EXPECT_EQ(text, told) << entry.path() << ": ./dev rewrite refreshes it";
        }
    }
    EXPECT_GT(stories, 50U);
}

#if DISTKV_MUTANTS
// A story that shows a rule is another one when the rule is broken.
TEST(Scenario, PlantedBugsChangeTheStoryOfTheirRule) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kStories = {{
        {"raft_commits_prior_term_by_counting", "prior_term_commit"},
        {"raft_acks_unverified_suffix", "ack_covers_append"},
        {"raft_vote_not_persisted", "vote_durable"},
        {"raft_read_id_reused", "read_rounds_over_terms"},
        {"raft_durable_by_index_only", "stale_storage_answer"},
        {"raft_acks_before_sync", "ack_after_sync"},
        {"raft_membership_without_rule", "change_one_at_a_time"},
        {"raft_new_leader_ignores_ceiling", "ceiling"},
        {"raft_replay_regresses_membership", "membership_restart"},
    }};
    for (const auto& [bug, story] : kStories) {
        const base::PlantedBug planted(bug);
        const std::string text =
            text_of(std::filesystem::path(DISTKV_TESTDATA) / (std::string(story) + ".txt"));
        EXPECT_TRUE(text != told_again(text)) << bug << " leaves " << story << " as it is";
    }
}
#endif

}  // namespace
}  // namespace distkv::raft_lab
