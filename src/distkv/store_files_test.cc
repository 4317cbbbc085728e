#include "distkv/store_files.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "distkv/verb_test.h"
#include "os/node.h"
#include "storage/applied_mark.h"
#include "storage/change_set.h"
#include "storage/version_key.h"
#include "storage_rocksdb/rocks_engine.h"

namespace distkv::distkv {
namespace {

namespace fs = std::filesystem;

// A store with a flushed table, as a node leaves it.
class StoreFiles : public testing::Test {
protected:
    void SetUp() override {
        path_ = fs::temp_directory_path() / ("distkv_store_" + std::to_string(::getpid()));
        auto node = os::Node::make({.node = {1}, .log_level = base::LogLevel::kError});
        ASSERT_TRUE(node.has_value());
        (*node)->start([this](world::World& world) -> world::Task<void> {
            auto engine = co_await storage_rocksdb::open(world, {.directory = path_.string()});
            EXPECT_TRUE(engine.has_value());
            storage::Batch batch;
            for (int i = 0; i < 1000; ++i) {
                const crdt::Effect effect{{.tag = crdt::Tag::kRegister},
                                          {.dot = {{i + 1U}, {{1}, 0}},
                                           .kind = crdt::Kind::kValue,
                                           .value = base::Bytes(100, 'v')}};
                storage::add_to(batch, {{{1}, {7}, "key" + std::to_string(i)}, {effect}, {}});
            }
            batch.put(storage::applied_key({5}), storage::encode_mark({1000}));
            if (foreign_row_) {
                batch.put("a row of another program", "x");
            }
            EXPECT_TRUE((*engine)->apply(batch).has_value());
            EXPECT_TRUE((co_await (*engine)->flush()).has_value());
        });
        (*node)->join();
    }
    void TearDown() override { fs::remove_all(path_); }

    void damage_a_table() const {
        for (const auto& entry : fs::directory_iterator(path_)) {
            if (entry.path().extension() == ".sst") {
                std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
                file.seekp(100);
                file.put('!');
            }
        }
    }

    fs::path path_;
    bool foreign_row_ = false;
};

class StoreFilesWithAForeignRow : public StoreFiles {
protected:
    void SetUp() override {
        foreign_row_ = true;
        StoreFiles::SetUp();
    }
};

TEST_F(StoreFilesWithAForeignRow, TheRowIsNamed) {
    const Ran verified = run_words({"store", "verify", path_.string()});
    EXPECT_EQ(verified.code, Exit::kRefused);
    EXPECT_TRUE(verified.out.contains("row 6120726f77")) << verified.out;
    const Ran stats = run_words({"store", "stats", path_.string()});
    EXPECT_EQ(stats.code, Exit::kFine);
    EXPECT_TRUE(stats.out.contains("1 rows cannot be read")) << stats.out;
}

TEST_F(StoreFiles, AWholeStoreIsDescribed) {
    const Ran verified = run_words({"store", "verify", path_.string()});
    EXPECT_EQ(verified.code, Exit::kFine);
    EXPECT_EQ(verified.last_line(), "the store is whole");
    const Ran stats = run_words({"store", "stats", path_.string()});
    EXPECT_EQ(stats.code, Exit::kFine);
    EXPECT_NE(stats.out.find(".sst"), std::string::npos) << stats.out;
    EXPECT_TRUE(stats.out.contains("group 5 applied up to 1000")) << stats.out;
    const Ran json = run_words({"store", "stats", "--json", path_.string()});
    EXPECT_TRUE(json.out.contains(R"("keyspace":1,"keys":1000,"cells":1000,"versions":1000)"))
        << json.out;
}

TEST_F(StoreFiles, DamageIsNamedWithItsFile) {
    damage_a_table();
    const Ran ran = run_words({"store", "verify", path_.string()});
    EXPECT_EQ(ran.code, Exit::kRefused);
    EXPECT_NE(ran.out.find("damaged: "), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find(".sst"), std::string::npos) << ran.out;
    const Ran json = run_words({"store", "verify", path_.string(), "--json"});
    EXPECT_NE(json.last_line().find(R"({"whole":false,"damage":[")"), std::string::npos);
}

TEST_F(StoreFiles, WithoutItsCurrentFileItIsDamagedAndNotEmpty) {
    fs::remove(path_ / "CURRENT");
    EXPECT_EQ(run_words({"store", "verify", path_.string()}).code, Exit::kRefused);
    EXPECT_EQ(run_words({"store", "stats", path_.string()}).code, Exit::kRefused);
}

TEST(StoreFilesAbsent, NoStoreIsAnErrorThatSaysWhatWouldBeRight) {
    const Ran ran = run_words({"store", "verify", "/nonexistent"});
    EXPECT_EQ(ran.code, Exit::kBadUsage);
    EXPECT_EQ(ran.err,
              "distkv: there is no store in /nonexistent; a directory with a file CURRENT would be "
              "right\n");
}

}  // namespace
}  // namespace distkv::distkv
