// The simulated disk against its contract: what was promised durable survives every crash, and
// everything else is at risk, visibly.
#include "sim/disk.h"

#include <functional>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "sim/planet.h"

namespace distkv::sim {
namespace {

using base::Errc;
using base::Result;
using world::Task;
using world::World;
using namespace std::chrono_literals;

// Runs `program` on the one node of a planet, crashing it after `crash_after` and starting it
// again; the program learns which start it is.
using Program = std::function<Task<void>(World& world, int start)>;

void with_crash(std::uint64_t seed, time::Duration crash_after, const Program& program,
                std::optional<Weather> weather = std::nullopt) {
    int starts = 0;
    Planet planet({.seed = seed,
                   .sites = {{"here", {0, 0}}},
                   .length = 100s,
                   .weather = weather.value_or(Weather::calm()),
                   .reactors_per_node = 1},
                  [&](World& world) -> Task<void> { return program(world, ++starts); });
    Node& node = planet.node({1});
    planet.stage().events.schedule_in(crash_after, [&node] { node.crash(); });
    planet.stage().events.schedule_in(crash_after + 1ms, [&node] { node.start(); });
    planet.run();
    EXPECT_GE(starts, 2);
}

Task<void> for_ever(World& world) {
    co_await world.sleep_for(1h);
}

TEST(Disk, SyncedBytesUnderSyncedNamesSurviveEveryCrash) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        // What was promised, and what had been asked for, when the power failed.
        std::string promised;
        std::string written;
        with_crash(
            seed, 1ms + time::Duration(5us) * seed, [&](World& world, int start) -> Task<void> {
                if (start == 1) {
                    auto opened = co_await world.disk().open("log/1", world::OpenMode::kCreate);
                    EXPECT_TRUE(opened.has_value());
                    EXPECT_TRUE((co_await world.disk().sync_directory("log")).has_value());
                    for (int i = 0;; ++i) {
                        const std::string record = "record " + std::to_string(i) + ";";
                        written += record;
                        EXPECT_TRUE((co_await (*opened)->append(record)).has_value());
                        const std::string before = written;
                        if (i % 3 == 2) {
                            EXPECT_TRUE((co_await (*opened)->sync()).has_value());
                            promised = before;
                        }
                    }
                }
                const auto found = co_await world.disk().read_all("log/1", 1 << 20);
                EXPECT_TRUE(found.has_value() || promised.empty());
                const std::string content = found.value_or("");
                EXPECT_EQ(content.substr(0, promised.size()), promised) << "seed " << seed;
                co_await for_ever(world);
            });
        EXPECT_FALSE(promised.empty());
    }
}

TEST(Disk, WhatWasNotSyncedIsLostTornOrKept) {
    std::set<std::string> outcomes;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        with_crash(seed, 10ms, [&](World& world, int start) -> Task<void> {
            if (start == 1) {
                auto file = co_await world.disk().open("f", world::OpenMode::kCreate);
                EXPECT_TRUE((co_await world.disk().sync_directory("")).has_value());
                EXPECT_TRUE((co_await (*file)->append(std::string(2048, 'a'))).has_value());
                co_await for_ever(world);
            }
            const auto found = co_await world.disk().read_all("f", 1 << 20);
            outcomes.insert(std::to_string(found.value_or("none").size()));
            co_await for_ever(world);
        });
    }
    EXPECT_EQ(outcomes, (std::set<std::string>{"0", "512", "1024", "1536", "2048"}));
}

TEST(Disk, ANameIsAtRiskUntilItsDirectoryIsSynced) {
    std::map<bool, int> there;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        with_crash(seed, 10ms, [&](World& world, int start) -> Task<void> {
            if (start == 1) {
                auto file = co_await world.disk().open("f", world::OpenMode::kCreate);
                EXPECT_TRUE((co_await (*file)->append("x")).has_value());
                EXPECT_TRUE((co_await (*file)->sync()).has_value());
                co_await for_ever(world);
            }
            ++there[(co_await world.disk().open("f", world::OpenMode::kExisting)).has_value()];
            co_await for_ever(world);
        });
    }
    EXPECT_GT(there[true], 20);
    EXPECT_GT(there[false], 20);
}

TEST(Disk, ReplaceIsOldOrNewAtEveryMoment) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        with_crash(
            seed, 2ms + time::Duration(3us) * seed, [&](World& world, int start) -> Task<void> {
                static constexpr std::string_view kOld = "old contents";
                if (start == 1) {
                    EXPECT_TRUE(
                        (co_await world.disk().replace("f", std::string(kOld))).has_value());
                    co_await world.sleep_until(time::MonoTime(world.mono_now()) + 1500us);
                    EXPECT_TRUE(
                        (co_await world.disk().replace("f", std::string(3000, 'n'))).has_value());
                    co_await for_ever(world);
                }
                const auto found = co_await world.disk().read_all("f", 1 << 20);
                const std::string content = found.value_or("none");
                EXPECT_TRUE(content == kOld || content == std::string(3000, 'n'))
                    << "seed " << seed << ": " << content.size() << " bytes";
                seen.insert(content);
                co_await for_ever(world);
            });
    }
    EXPECT_EQ(seen.size(), 2U) << "crashes must have hit both sides of the rename";
}

TEST(Disk, ErrorsAreToldApart) {
    Weather weather = Weather::calm();
    weather.disk_read_error_ppm = 1'000'000;
    with_crash(
        1, 50s,
        [](World& world, int) -> Task<void> {
            auto file = co_await world.disk().open("f", world::OpenMode::kCreate);
            EXPECT_EQ((co_await (*file)->read(0, 10)).error().code, Errc::kCorrupt);
            EXPECT_EQ((co_await world.disk().open("g", world::OpenMode::kExisting)).error().code,
                      Errc::kNotFound);
            EXPECT_EQ((co_await world.disk().open("f", world::OpenMode::kExclusive)).error().code,
                      Errc::kInvalid);
            EXPECT_EQ((co_await world.disk().open("../f", world::OpenMode::kCreate)).error().code,
                      Errc::kInvalid);
            co_await for_ever(world);
        },
        weather);
}

TEST(Disk, AFailedSyncStaysFailed) {
    Weather weather = Weather::calm();
    weather.disk_write_error_ppm = 1'000'000;
    Stage* stage = nullptr;
    Planet planet({.seed = 1,
                   .sites = {{"here", {0, 0}}},
                   .length = 10s,
                   .weather = weather,
                   .reactors_per_node = 1},
                  [&](World& world) -> Task<void> {
                      auto file = co_await world.disk().open("f", world::OpenMode::kCreate);
                      EXPECT_EQ((co_await (*file)->append("x")).error().code, Errc::kUnknown);
                      EXPECT_EQ((co_await (*file)->sync()).error().code, Errc::kUnknown);
                      stage->weather.disk_write_error_ppm = 0;
                      EXPECT_EQ((co_await (*file)->sync()).error().code, Errc::kUnknown)
                          << "a second sync that succeeds proves nothing";
                      co_await for_ever(world);
                  });
    stage = &planet.stage();
    planet.run();
}

// Does what was written under a sync that failed come back after a crash?
bool survives_a_failed_sync(std::uint64_t seed) {
    bool survived = false;
    Stage* stage = nullptr;
    int starts = 0;
    Planet planet({.seed = seed,
                   .sites = {{"here", {0, 0}}},
                   .length = 10s,
                   .weather = Weather::calm(),
                   .reactors_per_node = 1},
                  [&](World& world) -> Task<void> {
                      if (++starts == 1) {
                          {
                              auto file = co_await world.disk().open("f", world::OpenMode::kCreate);
                              EXPECT_TRUE((co_await world.disk().sync_directory("")).has_value());
                              EXPECT_TRUE((co_await (*file)->append("x")).has_value());
                              stage->weather.disk_write_error_ppm = 1'000'000;
                              EXPECT_FALSE((co_await (*file)->sync()).has_value());
                              stage->weather.disk_write_error_ppm = 0;
                          }
                          auto file = co_await world.disk().open("f", world::OpenMode::kExisting);
                          EXPECT_EQ((co_await (*file)->read(0, 1)).value_or(""), "x");
                          EXPECT_TRUE((co_await (*file)->sync()).has_value());
                      } else {
                          survived = (co_await world.disk().read_all("f", 10)).value_or("") == "x";
                      }
                      co_await for_ever(world);
                  });
    stage = &planet.stage();
    Node& node = planet.node({1});
    planet.stage().events.schedule_in(1s, [&node] { node.crash(); });
    planet.stage().events.schedule_in(2s, [&node] { node.start(); });
    planet.run();
    return survived;
}

TEST(Disk, NoSyncOfAFileOpenedAgainMakesUpForAFailedOne) {
    int survived = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        survived += survives_a_failed_sync(seed) ? 1 : 0;
    }
    EXPECT_GT(survived, 10);
    EXPECT_LT(survived, 55);
}

TEST(Disk, AFailedWriteFailsTheSyncsAfterIt) {
    Weather weather = Weather::calm();
    weather.disk_write_error_ppm = 1'000'000;
    Stage* stage = nullptr;
    Planet planet({.seed = 1,
                   .sites = {{"here", {0, 0}}},
                   .length = 10s,
                   .weather = weather,
                   .reactors_per_node = 1},
                  [&](World& world) -> Task<void> {
                      auto file = co_await world.disk().open("f", world::OpenMode::kCreate);
                      EXPECT_EQ((co_await (*file)->append("x")).error().code, Errc::kUnknown);
                      stage->weather.disk_write_error_ppm = 0;
                      const Result<void> synced = co_await (*file)->sync();
                      EXPECT_TRUE(!synced && synced.error().code == Errc::kUnknown);
                      co_await for_ever(world);
                  });
    stage = &planet.stage();
    planet.run();
}

TEST(Disk, SyncingAnotherDirectoryPromisesNothing) {
    std::map<std::string, int> there;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        with_crash(seed, 10ms, [&](World& world, int start) -> Task<void> {
            world::Disk& disk = world.disk();
            if (start == 1) {
                static_cast<void>(co_await disk.open("left/a", world::OpenMode::kCreate));
                static_cast<void>(co_await disk.open("left/b", world::OpenMode::kCreate));
                static_cast<void>(co_await disk.open("left/c", world::OpenMode::kCreate));
                EXPECT_TRUE((co_await disk.rename("left/a", "right/a")).has_value());
                EXPECT_TRUE((co_await disk.remove("left/c")).has_value());
                EXPECT_TRUE((co_await disk.sync_directory("right")).has_value());
                co_await for_ever(world);
            }
            for (const char* path : {"left/a", "left/b", "left/c", "right/a"}) {
                there[path] += (co_await disk.open(path, world::OpenMode::kExisting)) ? 1 : 0;
            }
            co_await for_ever(world);
        });
    }
    EXPECT_EQ(there["right/a"], 100);
    EXPECT_EQ(there["left/a"], 0) << "the rename is one change";
    EXPECT_GT(there["left/b"], 20);
    EXPECT_LT(there["left/b"], 80);
    EXPECT_GT(there["left/c"], 5);
}

TEST(Disk, ATornWriteMayKeepAnyOfItsSectors) {
    std::set<std::string> outcomes;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        with_crash(seed, 10ms, [&](World& world, int start) -> Task<void> {
            if (start == 1) {
                auto file = co_await world.disk().open("f", world::OpenMode::kCreate);
                EXPECT_TRUE((co_await world.disk().sync_directory("")).has_value());
                EXPECT_TRUE((co_await (*file)->append(std::string(1024, 'a'))).has_value());
                co_await for_ever(world);
            }
            const std::string found = (co_await world.disk().read_all("f", 1024)).value_or("?");
            outcomes.insert(found.size() == 1024 && found[0] == 0 ? "only the second"
                                                                  : std::to_string(found.size()));
            co_await for_ever(world);
        });
    }
    EXPECT_EQ(outcomes, (std::set<std::string>{"0", "512", "1024", "only the second"}));
}

using DiskDeath = testing::Test;

TEST(DiskDeath, TwoChangesOfOneFileAtOnceStopTheProcess) {
    testing::GTEST_FLAG(death_test_style) = "threadsafe";
    EXPECT_DEATH(with_crash(1, 10ms,
                            [](World& world, int) -> Task<void> {
                                auto file =
                                    co_await world.disk().open("f", world::OpenMode::kCreate);
                                const auto append = [](world::File& f) -> Task<void> {
                                    static_cast<void>(co_await f.append("x"));
                                };
                                world::Scope scope(world.scheduler());
                                scope.spawn("one", append(**file));
                                scope.spawn("two", append(**file));
                                co_await scope.join();
                            }),
                 "two operations change one file");
}

TEST(Disk, AFullDiskRefusesWritesAndServesReads) {
    Planet planet({.seed = 1,
                   .sites = {{"here", {0, 0}}},
                   .length = 20s,
                   .weather = Weather::calm(),
                   .reactors_per_node = 1},
                  [](World& world) -> Task<void> {
                      auto file = co_await world.disk().open("f", world::OpenMode::kCreate);
                      EXPECT_TRUE((co_await (*file)->append("before")).has_value());
                      co_await world.sleep_for(5s);
                      EXPECT_EQ((co_await (*file)->append("during")).error().code, Errc::kFull);
                      EXPECT_EQ((co_await (*file)->read(0, 6)).value_or(""), "before");
                      co_await world.sleep_for(5s);
                      EXPECT_TRUE((co_await (*file)->append("after")).has_value());
                      co_await for_ever(world);
                  });
    DiskImage& disk = planet.node({1}).disk();
    planet.stage().events.schedule_in(2s, [&disk] { disk.set_full(true); });
    planet.stage().events.schedule_in(7s, [&disk] { disk.set_full(false); });
    planet.run();
}

// Each begins when the one before it is durable; after one that failed none is written.
TEST(Disk, SyncedWritesFollowEachOther) {
    Planet* whole = nullptr;
    const auto put = [](world::File& file, std::uint64_t offset, std::string data,
                        std::vector<std::string>& answers) -> Task<void> {
        const auto done = co_await file.write_synced(offset, data);
        answers.push_back(data + (done ? "" : std::string(name_of(done.error().code))));
    };
    Planet planet({.seed = 1,
                   .sites = {{"here", {0, 0}}},
                   .length = 20s,
                   .weather = Weather::calm(),
                   .reactors_per_node = 1},
                  [&](World& world) -> Task<void> {
                      auto file = co_await world.disk().open("f", world::OpenMode::kCreate);
                      std::vector<std::string> answers;
                      world::Scope scope(world.scheduler());
                      const auto put_two = [&](const std::string& one, const std::string& two) {
                          answers.clear();
                          scope.spawn("one", put(**file, 0, one, answers));
                          scope.spawn("two", put(**file, 1, two, answers));
                      };
                      put_two("a", "b");
                      co_await scope.join();
                      EXPECT_EQ(answers.size(), 2U);
                      EXPECT_EQ((*file)->size(), 2U);
                      whole->node({1}).disk().set_full(true);
                      co_await put(**file, 2, std::string(100, 'x'), answers);
                      whole->node({1}).disk().set_full(false);
                      put_two("c", "d");
                      co_await scope.join();
                      std::ranges::sort(answers);
                      EXPECT_EQ(answers, (std::vector<std::string>{"cretry", "dretry"}));
                      EXPECT_EQ((co_await (*file)->read(0, 2)).value_or(""), "ab");
                      EXPECT_TRUE((co_await (*file)->truncate(2)).has_value());
                      put_two("e", "f");
                      co_await scope.join();
                      EXPECT_EQ((co_await (*file)->read(0, 9)).value_or(""), "ef");
                      co_await for_ever(world);
                  });
    whole = &planet;
    planet.run();
}

TEST(Disk, ListNamesWhatIsThere) {
    with_crash(1, 50s, [](World& world, int start) -> Task<void> {
        if (start == 1) {
            for (const char* path : {"b", "a", "dir/x", "dir/y"}) {
                EXPECT_TRUE(
                    (co_await world.disk().open(path, world::OpenMode::kCreate)).has_value());
            }
            using Names = std::vector<std::string>;
            EXPECT_EQ((co_await world.disk().list("")).value_or(Names{}),
                      (Names{"a", "b", "dir/"}));
            EXPECT_EQ((co_await world.disk().list("dir")).value_or(Names{}), (Names{"x", "y"}));
            EXPECT_TRUE((co_await world.disk().rename("a", "dir/z")).has_value());
            EXPECT_TRUE((co_await world.disk().remove("b")).has_value());
            EXPECT_EQ((co_await world.disk().list("")).value_or(Names{}), (Names{"dir/"}));
            const auto nowhere = co_await world.disk().list("nowhere");
            EXPECT_TRUE(!nowhere && nowhere.error().code == Errc::kNotFound);
        }
        co_await for_ever(world);
    });
}

}  // namespace
}  // namespace distkv::sim
