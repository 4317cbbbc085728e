// One host, and a stranger on another node who says to it whatever a test likes: for what is easier
// to state at one host's door than in a swarm.
#include "shard/host.h"

#include <deque>

#include <gtest/gtest.h>

#include "shard/batch.h"
#include "shard/blob_machine.h"
#include "shard/notes.h"
#include "shard/snapshot_file.h"
#include "sim/planet.h"

namespace distkv::shard::test {
namespace {

using base::Errc;
using base::Result;
using world::Task;
using world::World;

constexpr GroupId kGroup{1};
constexpr raft::ReplicaId kOne{1};
constexpr raft::ReplicaId kTwo{2};
constexpr raft::ReplicaId kThree{3};

class Blob : public BlobMachine {
public:
    Blob(World& world, std::string path, std::function<void()> destroyed)
        : BlobMachine(world, std::move(path)), destroyed_(std::move(destroyed)) {}

    Task<Result<void>> destroy() override {
        const Result<void> done = co_await BlobMachine::destroy();
        destroyed_();
        co_return done;
    }

protected:
    void clear() override {}
    void apply(const raft::Entry&) override {}
    [[nodiscard]] base::Bytes encode() const override { return "state"; }
    Result<void> decode(base::ByteView) override { return {}; }

private:
    std::function<void()> destroyed_;
};

raft::Membership three_voters() {
    return {.voters = {{.id = kOne}, {.id = kTwo}, {.id = kThree}}};
}

Mark mark_at(std::uint64_t index) {
    return {.at = {index, 1}, .membership = three_voters()};
}

class Rig {
public:
    using Script = std::function<Task<void>(Rig& rig, World& world, Host& host)>;

    // Before the host opens.
    std::function<Task<void>(World& world)> prepare{};
    std::map<raft::ReplicaId, world::Address> addresses{};
    std::function<void()> destroyed = [] {};
    std::vector<raft::Message> sent{};
    // What the stranger claims to hold when a quorum is asked.
    std::optional<std::uint64_t> says_of_itself{};
    std::vector<PulseAnswer> heard{};

    // A host that has the group as its first replica, until the script has ended.
    void run(Script script) {
        sim::Planet planet({.seed = 1,
                            .sites = {{"here", {}}, {"there", {}}},
                            .length = 10s,
                            .heal_percent = 99,
                            .weather = sim::Weather::calm(),
                            .reactors_per_node = 1},
                           [this, &script](World& world) {
                               return world.node() == base::NodeId{1} ? serve(world, script)
                                                                      : speak(world);
                           });
        planet_ = &planet;
        planet.run([this] { return ended_; });
        EXPECT_TRUE(ended_) << "the script waits for ever";
    }

    // In one frame.
    void say(const std::vector<Item>& items) {
        base::Encoder frame;
        frame.fixed(kFrameVersion);
        for (const Item& item : items) {
            encode(item, frame);
        }
        frames_.push_back(std::move(frame).take());
    }
    void say(const Item& item) { say(std::vector<Item>{item}); }

    static Item message(raft::MessageKind kind, raft::ReplicaId from, std::uint64_t term) {
        raft::Message m;
        m.kind = kind;
        m.from = from;
        m.to = kOne;
        m.term = term;
        return GroupMessage{kGroup, m};
    }
    void say(raft::MessageKind kind, raft::ReplicaId from, std::uint64_t term) {
        say(message(kind, from, term));
    }

    [[nodiscard]] sim::DiskImage& disk() { return planet_->node({1}).disk(); }

private:
    Task<void> serve(World& world, const Script& script) {
        if (prepare) {
            co_await prepare(world);
        }
        auto host = co_await Host::open(
            world, {},
            {.address_of = [this](GroupId, raft::ReplicaId id) -> std::optional<world::Address> {
                 const auto found = addresses.find(id);
                 return found == addresses.end() ? std::nullopt : std::optional(found->second);
             },
             .make_machine =
                 [this, &world](GroupId, raft::ReplicaId) {
                     return std::make_unique<Blob>(world, "groups/1", [this] { destroyed(); });
                 },
             .sent = [this](GroupId, const raft::Message& m) { sent.push_back(m); }});
        EXPECT_TRUE(host.has_value());
        if (host) {
            world::Scope scope(world.scheduler());
            scope.spawn("host", run_host(**host));
            if (!prepare) {
                const auto created = co_await (*host)->create(spec());
                EXPECT_TRUE(created.has_value());
            }
            co_await script(*this, world, **host);
        }
        ended_ = true;
    }

    static Task<void> run_host(Host& host) { static_cast<void>(co_await host.run()); }

    Task<void> answer(World& world) {
        for (;;) {
            const world::Frame frame = co_await world.network().receive();
            const auto items = decode_frame(frame.payload);
            for (const Item& item : items ? *items : std::vector<Item>()) {
                const auto* ask = std::get_if<QuorumAsk>(&item);
                if (const auto* pulse = std::get_if<PulseAnswer>(&item)) {
                    heard.push_back(*pulse);
                }
                if (ask != nullptr && says_of_itself) {
                    say(QuorumAnswer{ask->group, kTwo, ask->number, {*says_of_itself, false}});
                }
            }
        }
    }

    Task<void> speak(World& world) {
        world::Scope scope(world.scheduler());
        scope.spawn("answer", answer(world));
        for (;;) {
            while (!frames_.empty()) {
                static_cast<void>(
                    world.network().send({base::NodeId{1}, {}}, std::move(frames_.front())));
                frames_.pop_front();
            }
            co_await world.sleep_for(1ms);
        }
    }

public:
    static GroupSpec spec() {
        return {.group = kGroup, .replica = kOne, .membership = three_voters()};
    }

private:
    sim::Planet* planet_ = nullptr;
    std::deque<base::Bytes> frames_;
    bool ended_ = false;
};

constexpr world::Address kStranger{base::NodeId{2}, {}};

Task<std::size_t> files_of_snapshots(World& world) {
    const auto names = co_await world.disk().list("snapshots");
    co_return names ? names->size() : 0;
}

TEST(Host, AReadHearsWhenItsReplicaGoes) {
    Rig rig;
    rig.addresses = {{kTwo, kStranger}};
    rig.run([](Rig& its, World& world, Host& host) -> Task<void> {
        its.say(raft::MessageKind::kHeartbeat, kTwo, 1);
        co_await world.sleep_for(50ms);
        EXPECT_EQ(host.find(kGroup)->core.leader(), kTwo);
        std::optional<Result<std::uint64_t>> outcome;
        const auto read = [](Host& of, std::optional<Result<std::uint64_t>>& out) -> Task<void> {
            out = co_await of.read(kGroup, ReadKind::kReadIndex);
        };
        world::Scope scope(world.scheduler());
        scope.spawn("read", read(host, outcome));
        co_await world.sleep_for(10ms);
        EXPECT_FALSE(outcome.has_value());
        EXPECT_TRUE((co_await host.destroy(kGroup)).has_value());
        co_await world.sleep_for(2s);
        EXPECT_TRUE(outcome.has_value());
    });
}

TEST(Host, AQuorumReadDoesNotWaitForWhatIsNeverCommitted) {
    Rig rig;
    rig.addresses = {{kTwo, kStranger}};
    rig.run([](Rig& its, World& world, Host& host) -> Task<void> {
        std::optional<Result<std::uint64_t>> outcome;
        const auto read = [](Host& of, std::optional<Result<std::uint64_t>>& out) -> Task<void> {
            out = co_await of.read(kGroup, ReadKind::kQuorum);
        };
        its.says_of_itself = 1000;
        world::Scope scope(world.scheduler());
        scope.spawn("read", read(host, outcome));
        co_await world.sleep_for(5s);
        EXPECT_TRUE(outcome.has_value());
        EXPECT_TRUE(outcome && !*outcome && outcome->error().code == Errc::kRetry);
    });
}

TEST(Host, AShortPromiseTakesNoLongerOneBack) {
    Rig rig;
    rig.addresses = {{kTwo, kStranger}};
    rig.run([](Rig& its, World& world, Host& host) -> Task<void> {
        its.say(raft::MessageKind::kHeartbeat, kTwo, 1);
        co_await world.sleep_for(50ms);
        its.say(raft::MessageKind::kSleep, kTwo, 1);
        co_await world.sleep_for(10ms);
        EXPECT_TRUE(host.find(kGroup)->asleep);
        its.say(Pulse{.number = 1, .lease = 900ms});
        co_await world.sleep_for(10ms);
        its.say(Pulse{.number = 2, .lease = 1ms});
        co_await world.sleep_for(650ms);
        its.sent.clear();
        its.say(raft::MessageKind::kPreVote, kThree, 9);
        co_await world.sleep_for(20ms);
        bool answered = false;
        for (const raft::Message& m : its.sent) {
            if (m.kind == raft::MessageKind::kPreVoteAnswer) {
                answered = true;
                EXPECT_TRUE(m.rejected);
            }
        }
        EXPECT_TRUE(answered);
    });
}

TEST(Host, NoLeaseIsPromisedForAGroupThatHasJustWoken) {
    Rig rig;
    rig.addresses = {{kTwo, kStranger}};
    rig.run([](Rig& its, World& world, Host& host) -> Task<void> {
        its.say(raft::MessageKind::kHeartbeat, kTwo, 1);
        co_await world.sleep_for(50ms);
        its.say(raft::MessageKind::kSleep, kTwo, 1);
        co_await world.sleep_for(10ms);
        EXPECT_TRUE(host.find(kGroup)->asleep);
        Dormitory all;
        all.enter({kGroup, 1});
        its.say(Pulse{.number = 1, .lease = 100ms, .digest = all.digest()});
        co_await world.sleep_for(10ms);
        its.say({Rig::message(raft::MessageKind::kPreVote, kThree, 9),
                 Pulse{.number = 2, .lease = 100ms, .digest = all.digest()}});
        co_await world.sleep_for(10ms);
        EXPECT_EQ(its.heard.size(), 2);
        EXPECT_TRUE(its.heard.front().matches);
        EXPECT_FALSE(its.heard.back().matches);
    });
}

TEST(Host, NobodySleepsUnderALeaderThatIsNowhere) {
    Rig rig;
    rig.run([](Rig& its, World& world, Host& host) -> Task<void> {
        its.say(raft::MessageKind::kHeartbeat, kTwo, 1);
        co_await world.sleep_for(50ms);
        its.say(raft::MessageKind::kSleep, kTwo, 1);
        co_await world.sleep_for(10ms);
        EXPECT_FALSE(host.find(kGroup)->core.is_asleep());
        EXPECT_EQ(host.sleeping(), 0);
    });
}

TEST(Host, ADestructionIsRepeatedAndLeavesNoFiles) {
    Rig rig;
    rig.addresses = {{kTwo, kStranger}};
    rig.run([](Rig& its, World& world, Host& host) -> Task<void> {
        its.say(SnapshotOffer{.group = kGroup,
                              .from = kTwo,
                              .to = kOne,
                              .term = 1,
                              .transfer = 7,
                              .size = 1000,
                              .mark = mark_at(100)});
        co_await world.sleep_for(50ms);
        EXPECT_EQ(co_await files_of_snapshots(world), 1);
        its.destroyed = [&its] { its.disk().set_full(true); };
        const Result<void> refused = co_await host.destroy(kGroup);
        EXPECT_FALSE(refused.has_value());
        its.destroyed = [] {};
        its.disk().set_full(false);
        EXPECT_TRUE((co_await host.destroy(kGroup)).has_value());
        EXPECT_EQ(co_await files_of_snapshots(world), 0);
        EXPECT_TRUE((co_await host.create(Rig::spec())).has_value());
    });
}

TEST(Host, ASnapshotWithoutRoomTakesNone) {
    Rig rig;
    rig.addresses = {{kTwo, kStranger}};
    rig.run([](Rig& its, World& world, Host& host) -> Task<void> {
        its.say(SnapshotOffer{.group = kGroup,
                              .from = kTwo,
                              .to = kOne,
                              .term = 1,
                              .transfer = 7,
                              .size = 1000,
                              .mark = mark_at(100)});
        co_await world.sleep_for(50ms);
        for (std::uint64_t offset = 1; offset < 20; ++offset) {
            its.say(SnapshotChunk{kGroup, 7, offset, "piece"});
        }
        co_await world.sleep_for(20ms);
        EXPECT_LE(host.find(kGroup)->incoming->arrived.size(), 5);
        EXPECT_EQ(co_await files_of_snapshots(world), 1);
        its.disk().set_full(true);
        its.say(SnapshotChunk{kGroup, 7, 0, "first"});
        co_await world.sleep_for(50ms);
        EXPECT_EQ(co_await files_of_snapshots(world), 0);
    });
}

// A log as a crash leaves it in the middle of an installation.
Task<void> begin_installation(World& world, std::string path) {
    auto log = co_await storage_log::Log::open(world, {});
    world::Scope scope(world.scheduler());
    const auto run = [](storage_log::Log& its) -> Task<void> {
        static_cast<void>(co_await its.run());
    };
    scope.spawn("log", run(**log));
    Blob blob(world, "elsewhere", [] {});
    static_cast<void>(co_await blob.open());
    const std::vector<raft::Entry> none;
    static_cast<void>(blob.BlobMachine::apply(none, mark_at(100)));
    auto file = co_await world.disk().open("snapshots/in-1-9", world::OpenMode::kCreate);
    FileSink sink(**file);
    static_cast<void>(co_await blob.save(sink));
    static_cast<void>(co_await (*file)->sync());
    const Staged staged{
        .path = std::move(path), .size = sink.size(), .crc = sink.crc(), .mark = mark_at(100)};
    EXPECT_TRUE(
        (co_await (*log)->write({storage_log::hard_state(kGroup, {.term = 1}),
                                 note(kGroup, Note::kIdentity, encode_identity({.replica = kOne})),
                                 note(kGroup, Note::kMembership, encode_members(three_voters())),
                                 note(kGroup, Note::kIntent, encode_intent({.install = staged})),
                                 storage_log::cut(kGroup, 100, 1)}))
            .has_value());
}

TEST(Host, AnInstallationFindsItsFileBesideAnother) {
    Rig rig;
    rig.prepare = [](World& world) -> Task<void> {
        co_await begin_installation(world, "snapshots/in-1-9");
        static_cast<void>(co_await world.disk().open("snapshots/in-1-5", world::OpenMode::kCreate));
    };
    rig.run([](Rig&, World& world, Host& host) -> Task<void> {
        const Group* group = host.find(kGroup);
        EXPECT_NE(group, nullptr);
        if (group != nullptr) {
            EXPECT_EQ(group->applied.at.index, 100);
        }
        EXPECT_EQ(co_await files_of_snapshots(world), 1);
    });
}

TEST(Host, AnInstallationWithoutItsFileIsALoss) {
    Rig rig;
    rig.prepare = [](World& world) -> Task<void> {
        co_await begin_installation(world, "snapshots/in-1-8");
    };
    rig.run([](Rig&, World& world, Host& host) -> Task<void> {
        EXPECT_EQ(host.lost().size(), 1);
        EXPECT_EQ(co_await files_of_snapshots(world), 0);
    });
}

}  // namespace
}  // namespace distkv::shard::test
