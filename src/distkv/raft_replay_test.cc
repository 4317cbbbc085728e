#include "distkv/raft_replay.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "distkv/verb_test.h"

namespace distkv::distkv {
namespace {

Ran replay_typed(const std::string& lines, const std::vector<std::string>& options = {}) {
    std::istringstream in(lines);
    std::ostringstream out;
    std::ostringstream err;
    std::vector<std::string> words = {"raft", "replay", "-"};
    words.insert(words.end(), options.begin(), options.end());
    const Exit code = run_command_line(words, {.out = out, .err = err, .in = &in});
    return {code, out.str(), err.str()};
}

std::ptrdiff_t lines_in(const std::string& text) {
    return std::ranges::count(text, '\n');
}

TEST(RaftReplay, AfterEachLineEachCoreIsDescribed) {
    const Ran ran =
        replay_typed("# a group\ncores 3\n\nelect n1\ndeliver all\ncrash n3\npropose n1 x=1\n");
    EXPECT_EQ(ran.code, Exit::kFine);
    EXPECT_EQ(lines_in(ran.out), 15) << ran.out;
    EXPECT_EQ(ran.last_line(), R"({"id":3,"role":"down"})");
    EXPECT_NE(ran.out.find(R"({"id":1,"role":"leader","term":1,"vote":1,"leader":1,"commit":1,)"
                           R"("first":1,"last":2,"terms":[1,1],"voters":[1,2,3],"learners":[]})"),
              std::string::npos)
        << ran.out;
}

TEST(RaftReplay, TheLastLineNeedsNoEnd) {
    EXPECT_EQ(lines_in(replay_typed("cores 2\nelect n2").out), 4);
}

TEST(RaftReplay, TraceTellsWhatHappened) {
    const Ran ran = replay_typed("cores 1\nquiet elect n1\npropose n1 x=1\n", {"--trace"});
    EXPECT_EQ(ran.out,
              "> cores 1\n> quiet elect n1\n> propose n1 x=1\n"
              "n1: appends 2/1 x=1\nn1: proposal 1 goes to 2/1\nn1: commits up to 2\n"
              "n1: applies 2/1 x=1\n");
}

TEST(RaftReplay, AMistakeIsNamedWithItsLineAndEndsIt) {
    const Ran ran = replay_typed("cores 2\n\ntick n3\nelect n1\n");
    EXPECT_EQ(ran.code, Exit::kBadUsage);
    EXPECT_EQ(lines_in(ran.out), 2);
    EXPECT_EQ(ran.err,
              "distkv: line 3: there is no core n3; one of n1, n2 would be right (tick n1 [TIMES], "
              "or tick all [TIMES])\n");
}

TEST(RaftReplay, ALineWithoutEndIsCutOff) {
    const Ran ran = replay_typed("cores 1\n" + std::string(3'000'000, 'x'));
    EXPECT_EQ(ran.code, Exit::kBadUsage);
    EXPECT_EQ(ran.err, "distkv: line 2: the line is too long; up to 4096 bytes would be right\n");
}

TEST(RaftReplay, TooManyLines) {
    const Ran ran = replay_typed(std::string(6000, '\n'));
    EXPECT_EQ(ran.err,
              "distkv: line 5001: the file is too long; up to 5000 lines would be right\n");
}

TEST(RaftReplay, ReadsAFile) {
    const auto path =
        std::filesystem::temp_directory_path() / ("distkv_replay_" + std::to_string(::getpid()));
    std::ofstream(path) << "cores 1\nelect n1\n";
    const Ran ran = run_words({"raft", "replay", path.string()});
    std::filesystem::remove(path);
    EXPECT_EQ(ran.code, Exit::kFine);
    EXPECT_NE(ran.last_line().find(R"("role":"leader")"), std::string::npos) << ran.out;
}

TEST(RaftReplay, NoFileIsAnErrorThatSaysWhatWouldBeRight) {
    const Ran ran = run_words({"raft", "replay", "/nonexistent"});
    EXPECT_EQ(ran.code, Exit::kBadUsage);
    EXPECT_EQ(ran.err, "distkv: cannot read /nonexistent; the name of a file would be right\n");
    EXPECT_EQ(run_words({"raft", "replay"}).code, Exit::kBadUsage);
}

TEST(RaftReplay, HelpTeachesTheLanguage) {
    EXPECT_NE(run_line("raft --help").out.find("distkv raft replay -"), std::string::npos);
    const Ran help = run_line("raft replay --help");
    EXPECT_EQ(help.code, Exit::kFine);
    EXPECT_NE(help.out.find("partition 1 | 2 3"), std::string::npos);
}

}  // namespace
}  // namespace distkv::distkv
