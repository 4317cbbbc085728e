// The examples of docs/raft-replay.md: each is run, and prints what the page says. DISTKV_REWRITE=1
// writes the page anew.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "distkv/verb_test.h"
#include "raft_lab/lab.h"

namespace distkv::distkv {
namespace {

constexpr std::string_view kPage = DISTKV_TESTDATA "/../../../docs/raft-replay.md";
constexpr std::string_view kFence = "```replay";

std::string page() {
    std::ostringstream text;
    text << std::ifstream(std::string(kPage)).rdbuf();
    return text.str();
}

std::string replayed(const std::string& lines, bool trace) {
    std::istringstream in(lines);
    std::ostringstream out;
    std::vector<std::string> words = {"raft", "replay", "-"};
    if (trace) {
        words.emplace_back("--trace");
    }
    static_cast<void>(run_command_line(words, {.out = out, .err = out, .in = &in}));
    return out.str();
}

// What the last of these lines prints.
std::string said_last(const std::vector<std::string>& lines, bool trace) {
    std::string before;
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
        before += lines[i] + "\n";
    }
    const std::string last = lines.back() + "\n";
    const std::string all = replayed(before + last, trace);
    const std::size_t skipped = replayed(before, trace).size();
    const std::size_t head = trace && all.compare(skipped, 2, "> ") == 0 ? 2 + last.size() : 0;
    return all.substr(skipped + head);
}

struct Page {
    std::string text;
    std::size_t examples = 0;
};

Page with_fresh_answers(const std::string& text) {
    std::istringstream in(text);
    Page page;
    for (std::string line; std::getline(in, line);) {
        page.text += line + "\n";
        if (!line.starts_with(kFence)) {
            continue;
        }
        const bool trace = line.ends_with("--trace");
        std::vector<std::string> lines;
        while (std::getline(in, line) && line != "----") {
            page.text += line + "\n";
            lines.push_back(line);
        }
        page.text += "----\n" + said_last(lines, trace) + "```\n";
        while (std::getline(in, line) && line != "```") {
        }
        ++page.examples;
    }
    return page;
}

TEST(RaftReplayPage, EveryExampleSaysWhatItPrints) {
    const std::string text = page();
    const Page fresh = with_fresh_answers(text);
    if (std::getenv("DISTKV_REWRITE") != nullptr) {
        std::ofstream(std::string(kPage)) << fresh.text;
    } else {
        EXPECT_EQ(text, fresh.text) << kPage << ": ./dev rewrite refreshes it";
    }
    EXPECT_GT(fresh.examples, 40U);
}

TEST(RaftReplayPage, EveryVerbIsExplained) {
    const std::string text = page();
    for (const std::string_view verb : raft_lab::Lab::verb_names()) {
        const std::size_t at = text.find("\n### `" + std::string(verb) + " ");
        const std::size_t bare = text.find("\n### `" + std::string(verb) + "`");
        EXPECT_TRUE(at != std::string::npos || bare != std::string::npos) << verb;
    }
}

}  // namespace
}  // namespace distkv::distkv
