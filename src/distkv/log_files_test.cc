#include "distkv/log_files.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "distkv/verb_test.h"
#include "storage_log/log.h"
#include "storage_log/segments.h"

namespace distkv::distkv {
namespace {

namespace fs = std::filesystem;
using storage_log::Place;

// A data directory with a log of two groups, as a node leaves it.
class LogFiles : public testing::Test {
protected:
    void SetUp() override {
        path_ = fs::temp_directory_path() / ("distkv_log_" + std::to_string(::getpid()));
        fs::create_directories(path_ / "log");
        bytes_ = storage_log::encode_segment_header({77, 1, 0});
        add({storage_log::entry({7}, 1, 1, "one"), storage_log::entry({7}, 2, 1, "two"),
             storage_log::hard_state({9}, {3, 2, 0})});
        add({storage_log::entry({7}, 3, 1, "three")});
        add({});
        write();
    }
    void TearDown() override { fs::remove_all(path_); }

    void add(const std::vector<storage_log::Record>& records) {
        storage_log::BlockBuilder block(77, {1, bytes_.size()}, summary_);
        for (const auto& record : records) {
            block.add(record);
        }
        bytes_ += block.finish(summary_);
    }
    void write() const {
        std::ofstream(path_ / "log" / storage_log::segment_name(1), std::ios::binary) << bytes_;
    }
    [[nodiscard]] std::string path() const { return path_.string(); }

    fs::path path_;
    std::string bytes_;
    storage_log::Summary summary_;
};

TEST_F(LogFiles, AWholeLogIsDescribed) {
    const Ran ran = run_words({"log", "verify", path()});
    EXPECT_EQ(ran.code, Exit::kFine);
    EXPECT_NE(ran.out.find("    7      1     3     0     0  -"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("1 segments, 3 blocks, 4 records"), std::string::npos) << ran.out;
    EXPECT_EQ(ran.last_line(), "the log is whole");
}

TEST_F(LogFiles, TheFolderOfTheLogItselfWillDo) {
    EXPECT_EQ(run_words({"log", "verify", path() + "/log"}).code, Exit::kFine);
}

TEST_F(LogFiles, DamageIsNamedAndTheRestIsRead) {
    bytes_[bytes_.find("two")] = 'T';
    write();
    const Ran ran = run_words({"log", "verify", path()});
    EXPECT_EQ(ran.code, Exit::kRefused);
    EXPECT_NE(ran.out.find("    7      1     3     0     0  2"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("damaged: segment 1 at 128"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("group 7: entry 2"), std::string::npos) << ran.out;
    const Ran json = run_words({"log", "verify", path(), "--json"});
    EXPECT_NE(json.last_line().find(R"("whole":false)"), std::string::npos) << json.out;
    EXPECT_NE(json.last_line().find(R"("missing":[{"first":2,"last":2}])"), std::string::npos);
}

TEST_F(LogFiles, AnUnfinishedTailIsNoDamage) {
    bytes_ += "rubbish that a crash left";
    write();
    const Ran ran = run_words({"log", "verify", path()});
    EXPECT_EQ(ran.code, Exit::kFine);
    EXPECT_NE(ran.out.find("25 bytes at the end were never acknowledged"), std::string::npos);
}

TEST_F(LogFiles, DumpShowsRecordsAndNoUsersData) {
    const Ran ran = run_words({"log", "dump", path(), "--group", "7"});
    EXPECT_EQ(ran.code, Exit::kFine);
    EXPECT_NE(ran.out.find("group 7 entry 3 term 1, 5 bytes"), std::string::npos) << ran.out;
    EXPECT_EQ(ran.out.find("group 9"), std::string::npos);
    EXPECT_EQ(ran.out.find("three"), std::string::npos);
}

TEST_F(LogFiles, NoLogIsAnErrorThatSaysWhatWouldBeRight) {
    const Ran ran = run_words({"log", "verify", "/nonexistent"});
    EXPECT_EQ(ran.code, Exit::kBadUsage);
    EXPECT_EQ(ran.err,
              "distkv: there is no log in /nonexistent; the data directory of a node, with a "
              "folder log in it, would be right\n");
}

}  // namespace
}  // namespace distkv::distkv
