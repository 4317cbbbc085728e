// Command lines and what they print, word for word (testdata/*.txt). DISTKV_REWRITE=1 writes the
// files anew; read the difference.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "distkv/verb_test.h"

namespace distkv::distkv {
namespace {

std::string answer_to(const std::string& line) {
    const Ran ran = run_line(line);
    std::string text = ran.out + ran.err;
    return text + "exit " + std::to_string(static_cast<int>(ran.code)) + "\n";
}

// Comments and commands stay; what stood below a command is what is asked for.
std::string told_again(const std::string& story) {
    std::istringstream in(story);
    std::string told;
    bool in_answer = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("$ distkv ")) {
            told += line + "\n" + answer_to(line.substr(9)) + "\n";
            in_answer = true;
        } else if (!in_answer || line.starts_with("# ")) {
            told += line + "\n";
        }
    }
    return told;
}

TEST(Story, CommandsPrintWhatTheyDid) {
    const bool rewrite = std::getenv("DISTKV_REWRITE") != nullptr;
    std::size_t stories = 0;
    for (const auto& entry : std::filesystem::directory_iterator(DISTKV_TESTDATA)) {
        if (entry.path().extension() != ".txt") {
            continue;
        }
        ++stories;
        std::ostringstream text;
        text << std::ifstream(entry.path()).rdbuf();
        const std::string told = told_again(text.str());
        if (rewrite) {
            std::ofstream(entry.path()) << told;
        } else {
            EXPECT_EQ(text.str(), told) << entry.path() << ": ./dev rewrite refreshes it";
        }
    }
    EXPECT_EQ(stories, 3U);
}

}  // namespace
}  // namespace distkv::distkv
