#include "distkv/bench_raft.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "distkv/verb_test.h"

namespace distkv::distkv {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

// Goes with the object.
class TemporaryDirectory {
public:
    TemporaryDirectory() : path_(testing::TempDir() + "distkv_bench_XXXXXX") {
        EXPECT_NE(::mkdtemp(path_.data()), nullptr);
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

Ran run(BenchRaft options) {
    options.program = DISTKV_PROGRAM;
    std::ostringstream out;
    std::ostringstream err;
    const Exit code = run_bench_raft(options, {.out = out, .err = err});
    return {code, out.str(), err.str()};
}

// How fast is for people to judge, on a machine that does nothing else.
TEST(BenchRaft, RealProcessesCommitEntries) {
    const TemporaryDirectory directory;
    const std::string data = directory.path() + "/new";
    const Ran ran = run({.groups = 2, .clients = 8, .length = 1s, .data = data, .json = true});
    ASSERT_NE(ran.out, "") << ran.err;
    const json::object last = json::parse(ran.last_line()).as_object();
    const auto rate = last.at("entries a second").to_number<double>();
    EXPECT_GT(rate, 0);
    EXPECT_GT(last.at("latency p50").to_number<double>(), 0);
    // None does, unless the machine is so busy that a leader is taken for dead.
    EXPECT_LT(last.at("failed").to_number<double>(), rate);
    EXPECT_EQ(ran.code, last.at("missed").as_bool() ? Exit::kRefused : Exit::kFine);
    EXPECT_EQ(last.at("nodes").to_number<int>(), 3);
    EXPECT_EQ(last.at("groups").to_number<int>(), 2);
    // The directory was named by the user, and is left to look at.
    EXPECT_TRUE(std::filesystem::exists(data + "/node-3"));
}

TEST(BenchRaft, ANodeThatCannotStartIsReported) {
    const TemporaryDirectory directory;
    std::ostringstream out;
    std::ostringstream err;
    const Exit code = run_bench_raft({.data = directory.path(), .program = "/no/such/program"},
                                     {.out = out, .err = err});
    EXPECT_EQ(code, Exit::kRefused);
    EXPECT_TRUE(err.str().contains("cannot run /no/such/program")) << err.str();
}

TEST(BenchRaft, MistakesAreExplained) {
    const TemporaryDirectory directory;
    std::ofstream(directory.path() + "/file") << "something";
    const struct {
        std::string words;
        std::string_view why;
    } cases[] = {
        {"--data " + directory.path(), "an empty directory, or a new one, would be right"},
        {"--data " + directory.path() + "/file", "an empty directory, or a new one"},
        {"--nodes 0", "--nodes"},
        {"--nodes 10", "--nodes"},
        {"--groups 10001", "--groups"},
        {"--clients 0", "--clients"},
        {"--size 0", "--size"},
        {"--for 500ms", "--for"},
        {"--kills 0", "--kills"},
        {"--kills 1 --nodes 2", "--nodes 3 or more would be right"},
        {"--kills 1 --idle", "one of them at a time"},
    };
    for (const auto& [words, why] : cases) {
        const Ran ran = run_line("bench raft " + words);
        EXPECT_EQ(ran.code, Exit::kBadUsage) << words;
        EXPECT_EQ(ran.out, "");
        EXPECT_TRUE(ran.err.starts_with("distkv: ")) << ran.err;
        EXPECT_TRUE(ran.err.contains(why)) << ran.err;
    }
    // Nothing was left in it.
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

}  // namespace
}  // namespace distkv::distkv
