// What a frame costs: the real world's network beside a bare epoll loop, in one run.
//
//   stream   one way, 64-byte payloads. The sender makes bursts of 64 frames while fewer than 8192
//            are unacknowledged; the receiver returns a credit frame for every 1024.
//   calls    request and response, 64 in flight.
//   flood    a stream in bursts of 256, where system calls cost next to nothing a frame: the worst
//            case for the ratio, shown without a verdict.
//
// The yardstick does the same work with nothing around it: one socket a thread, level-triggered
// epoll, a fixed buffer, the same header and CRC32C, the same bursts, one write a burst, one read a
// wake-up, a handler called through a pointer with a view of each payload. It has no outbox bound,
// no reconnecting, no tasks, no owned payloads, no timers: what those cost is the ratio.
//
// There are two of it. In "owned" the handler gets a payload of its own, as every world's receiver
// does, and the sender makes one, as every sender must: this is the work that a program does which
// keeps what it receives, and the verdict is against it. In "views" nothing is owned, as in an echo
// server that looks at bytes and forgets them: the least that sockets, sums and framing can cost,
// shown so that nobody has to guess.
//
// Usage: os_frames_bench [--json] [--seconds S] [--repetitions N] [--only stream|calls|flood]
#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "os/bare_loop.h"
#include "os/node.h"

namespace {

using namespace distkv;
using namespace std::chrono_literals;
using base::Bytes;
using base::ByteView;

constexpr std::size_t kPayload = 64;
constexpr std::size_t kWindow = 8192;
constexpr std::size_t kCreditEvery = 1024;
constexpr std::size_t kInFlight = 64;
constexpr double kRatioMax = 1.5;
constexpr double kFramesPerSecondMin = 200'000;

// What a run does: request and response, or bursts one way.
struct Load {
    const char* name;
    std::size_t burst;  // 0: calls.
    bool judged;
};
constexpr std::array<Load, 3> kLoads = {Load{"stream", 64, true}, Load{"calls", 0, true},
                                        Load{"flood", 256, false}};

struct Settings {
    bool json = false;
    double seconds = 1.0;
    int repetitions = 5;
    std::string only;
};

double seconds_of(clockid_t clock) {
    timespec now{};
    CHECK(::clock_gettime(clock, &now) == 0);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void pause_for(double seconds) {
    ::poll(nullptr, 0, static_cast<int>(1000 * seconds));
}

// What the two threads of one run tell the one that measures.
struct Meter {
    std::array<std::atomic<clockid_t>, 2> cpu{};
    std::atomic<int> ready = 0;
    std::atomic<std::uint64_t> frames = 0;
    std::atomic<std::uint64_t> sum = 0;  // So that the payloads are looked at.
    std::atomic<bool> stop = false;

    void enter(std::size_t side) {
        clockid_t clock = 0;
        CHECK(::pthread_getcpuclockid(::pthread_self(), &clock) == 0);
        cpu[side] = clock;
        ++ready;
    }
};

struct Cost {
    double frames_per_second = 0;
    std::array<double, 2> cpu_nanos{};  // A frame, each side.

    [[nodiscard]] double sum() const { return cpu_nanos[0] + cpu_nanos[1]; }
};

Cost measure(Meter& meter, const Settings& settings) {
    while (meter.ready < 2 || meter.frames == 0) {
        pause_for(0.001);
    }
    pause_for(0.2);  // Warm: buffers grown, windows open.
    const auto sample = [&meter] {
        return std::array<double, 4>{seconds_of(CLOCK_MONOTONIC), seconds_of(meter.cpu[0]),
                                     seconds_of(meter.cpu[1]),
                                     static_cast<double>(meter.frames.load())};
    };
    const auto before = sample();
    pause_for(settings.seconds);
    const auto after = sample();
    meter.stop = true;
    const double frames = std::max(after[3] - before[3], 1.0);
    return {.frames_per_second = frames / (after[0] - before[0]),
            .cpu_nanos = {1e9 * (after[1] - before[1]) / frames,
                          1e9 * (after[2] - before[2]) / frames}};
}

// ---- The yardstick.

using os::bare::loopback_pair;
using os::bare::Payload;
using os::bare::Wire;

struct Side {
    Wire& wire;
    Meter& meter;
    std::uint64_t count = 0;  // Received.
    std::uint64_t credit = kWindow;
    std::uint64_t sum = 0;

    ~Side() { meter.sum = sum; }
};

std::uint64_t word_of(const char* payload) {
    std::uint64_t word = 0;
    std::memcpy(&word, payload, sizeof word);
    return word;
}

void bare_stream_sender(Wire& wire, Meter& meter, std::size_t burst) {
    meter.enter(0);
    Side side{wire, meter};
    std::array<char, kPayload> payload{};
    std::uint64_t sequence = 0;
    const auto on_credit = [](void* context, const char*, std::uint32_t) {
        static_cast<Side*>(context)->credit += kCreditEvery;
    };
    while (!meter.stop) {
        while (side.credit >= burst && wire.flush()) {
            for (std::size_t i = 0; i < burst; ++i) {
                ++sequence;
                std::memcpy(payload.data(), &sequence, sizeof sequence);
                const Payload mine(wire.owned, payload.data(), kPayload);
                wire.put(mine.bytes, kPayload);
            }
            side.credit -= burst;
            wire.flush();
        }
        wire.wait(on_credit, &side);
        wire.flush();
    }
}

void bare_stream_receiver(Wire& wire, Meter& meter) {
    meter.enter(1);
    Side side{wire, meter};
    const auto on_frame = [](void* context, const char* payload, std::uint32_t) {
        Side& self = *static_cast<Side*>(context);
        self.sum += word_of(payload);
        self.meter.frames.store(++self.count, std::memory_order_relaxed);
        if (self.count % kCreditEvery == 0) {
            self.wire.put(payload, 8);
        }
    };
    while (!meter.stop) {
        wire.wait(on_frame, &side);
        wire.flush();
    }
}

void bare_calls(Wire& wire, Meter& meter, std::size_t number, bool first) {
    meter.enter(number);
    Side side{wire, meter};
    const auto on_frame = [](void* context, const char* payload, std::uint32_t size) {
        Side& self = *static_cast<Side*>(context);
        self.sum += word_of(payload);
        ++self.count;
        self.wire.put(payload, size);
    };
    const auto on_answer = [](void* context, const char* payload, std::uint32_t size) {
        Side& self = *static_cast<Side*>(context);
        self.sum += word_of(payload);
        self.meter.frames.store(++self.count, std::memory_order_relaxed);
        self.wire.put(payload, size);
    };
    const std::array<char, kPayload> payload{};
    for (std::size_t i = 0; first && i < kInFlight; ++i) {
        wire.put(payload.data(), kPayload);
    }
    while (!meter.stop) {
        wire.flush();
        if (first) {
            wire.wait(on_answer, &side);
        } else {
            wire.wait(on_frame, &side);
        }
    }
}

Cost bare(const Load& load, bool owned, const Settings& settings) {
    const auto sockets = loopback_pair();
    Wire one(sockets[0], owned);
    Wire two(sockets[1], owned);
    Meter meter;
    std::thread sender([&] {
        load.burst == 0 ? bare_calls(one, meter, 0, true)
                        : bare_stream_sender(one, meter, load.burst);
    });
    std::thread receiver([&] {
        load.burst == 0 ? bare_calls(two, meter, 1, false) : bare_stream_receiver(two, meter);
    });
    const Cost cost = measure(meter, settings);
    sender.join();
    receiver.join();
    return cost;
}

// ---- Ours.

constexpr world::Address kOne{.node = {1}, .reactor = {0}};
constexpr world::Address kTwo{.node = {2}, .reactor = {0}};

world::Task<void> send_or_wait(world::World& world, world::Address to, Bytes payload) {
    while (!world.network().send(to, payload)) {
        co_await world.network().room(to);
    }
}

world::Task<void> take_credits(world::World& world, std::uint64_t& credit, world::Signal& changed) {
    for (;;) {
        co_await world.network().receive();
        credit += kCreditEvery;
        changed.wake_all();
    }
}

world::Task<void> stream_sender(world::World& world, Meter& meter, std::size_t burst) {
    meter.enter(0);
    std::uint64_t credit = kWindow;
    std::uint64_t sequence = 0;
    world::Signal changed(world.scheduler());
    world::Scope scope(world.scheduler());
    scope.spawn("credits", take_credits(world, credit, changed));
    std::array<char, kPayload> payload{};
    while (!meter.stop) {
        if (credit < burst) {
            co_await changed.wait();
            continue;
        }
        for (std::size_t i = 0; i < burst; ++i) {
            ++sequence;
            std::memcpy(payload.data(), &sequence, sizeof sequence);
            if (!world.network().send(kTwo, Bytes(payload.data(), kPayload))) {
                co_await world.network().room(kTwo);
            }
        }
        credit -= burst;
        co_await world.yield();
    }
}

world::Task<void> stream_receiver(world::World& world, Meter& meter) {
    meter.enter(1);
    std::uint64_t sum = 0;
    for (std::uint64_t count = 1;; ++count) {
        const world::Frame frame = co_await world.network().receive();
        sum += word_of(frame.payload.data());
        meter.frames.store(count, std::memory_order_relaxed);
        if (count % kCreditEvery == 0) {
            meter.sum = sum;
            co_await send_or_wait(world, kOne, frame.payload.substr(0, 8));
        }
    }
}

world::Task<void> caller(world::World& world, Meter& meter) {
    meter.enter(0);
    for (std::size_t i = 0; i < kInFlight; ++i) {
        co_await send_or_wait(world, kTwo, Bytes(kPayload, 'x'));
    }
    for (std::uint64_t count = 1; !meter.stop; ++count) {
        world::Frame frame = co_await world.network().receive();
        meter.frames.store(count, std::memory_order_relaxed);
        if (!world.network().send(kTwo, std::move(frame.payload))) {
            co_await world.network().room(kTwo);
        }
    }
}

world::Task<void> callee(world::World& world, Meter& meter) {
    meter.enter(1);
    for (;;) {
        world::Frame frame = co_await world.network().receive();
        if (!world.network().send(frame.from, std::move(frame.payload))) {
            co_await world.network().room(frame.from);
        }
    }
}

std::unique_ptr<os::Node> make_node(std::uint64_t id) {
    auto node = os::Node::make({.node = {id},
                                .cluster = {1},
                                .listen = os::Endpoint{.host = "127.0.0.1", .port = 0},
                                .grace = 1ms,
                                .log_level = base::LogLevel::kError});
    CHECK(node.has_value());
    return std::move(*node);
}

Cost ours(const Load& load, const Settings& settings) {
    Meter meter;
    const auto one = make_node(1);
    const auto two = make_node(2);
    one->set_peer(kTwo, {.host = "127.0.0.1", .port = two->port({0})});
    two->set_peer(kOne, {.host = "127.0.0.1", .port = one->port({0})});
    two->start([&](world::World& world) {
        return load.burst == 0 ? callee(world, meter) : stream_receiver(world, meter);
    });
    one->start([&](world::World& world) {
        return load.burst == 0 ? caller(world, meter) : stream_sender(world, meter, load.burst);
    });
    return measure(meter, settings);
}

// ---- Report.

template <class T, class Key>
T median_by(std::vector<T> all, Key key) {
    std::ranges::sort(all, {}, key);
    return all[all.size() / 2];
}

void print_cost(const char* what, const Cost& cost, bool json) {
    std::printf(json ? ",\"%s\":{\"frames_per_second\":%.0f,\"cpu_ns_sender\":%.1f,"
                       "\"cpu_ns_receiver\":%.1f}"
                     : "    %-6s %9.0f frames/s, CPU a frame %4.0f ns sender, %4.0f ns receiver\n",
                what, cost.frames_per_second, cost.cpu_nanos[0], cost.cpu_nanos[1]);
}

bool report_frames(const Load& load, const Settings& settings) {
    std::vector<Cost> our_runs;
    std::vector<Cost> owned_runs;
    std::vector<Cost> view_runs;
    std::vector<double> ratios;
    std::vector<double> view_ratios;
    for (int i = 0; i < settings.repetitions; ++i) {
        owned_runs.push_back(bare(load, true, settings));
        our_runs.push_back(ours(load, settings));
        view_runs.push_back(bare(load, false, settings));
        ratios.push_back(our_runs.back().sum() / owned_runs.back().sum());
        view_ratios.push_back(our_runs.back().sum() / view_runs.back().sum());
    }
    const Cost our = median_by(our_runs, &Cost::sum);
    const double ratio = median_by(ratios, std::identity());
    const double view_ratio = median_by(view_ratios, std::identity());
    const bool good = ratio <= kRatioMax && our.frames_per_second >= kFramesPerSecondMin;
    std::printf(settings.json ? "{\"bench\":\"os_frames\",\"case\":\"%s\",\"ratio\":%.3f,"
                                "\"ratio_views\":%.3f,\"good\":%s"
                              : "%s: ratio to the bare loop %.2f (views: %.2f), good: %s\n",
                load.name, ratio, view_ratio, good ? "true" : "false");
    print_cost("ours", our, settings.json);
    print_cost("owned", median_by(owned_runs, &Cost::sum), settings.json);
    print_cost("views", median_by(view_runs, &Cost::sum), settings.json);
    std::printf(settings.json ? "}\n" : "");
    std::fflush(stdout);
    return good || !load.judged;
}

Settings parse(int argc, char** argv) {
    Settings settings;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const char* value = i + 1 < argc ? argv[i + 1] : "";
        if (word == "--json") {
            settings.json = true;
            continue;
        }
        if (word == "--seconds") {
            settings.seconds = std::clamp(std::atof(value), 0.05, 60.0);
        } else if (word == "--repetitions") {
            settings.repetitions = std::clamp(std::atoi(value), 1, 100);
        } else if (word == "--only") {
            settings.only = value;
        } else {
            std::fprintf(stderr,
                         "usage: %s [--json] [--seconds S] [--repetitions N] "
                         "[--only stream|calls|flood]\n",
                         argv[0]);
            std::exit(2);
        }
        ++i;
    }
    return settings;
}

}  // namespace

int main(int argc, char** argv) {
    const Settings settings = parse(argc, argv);
    const auto wanted = [&settings](const char* name) {
        return settings.only.empty() || settings.only == name;
    };
    bool good = true;
    for (const Load& load : kLoads) {
        good = (!wanted(load.name) || report_frames(load, settings)) && good;
    }
    return good ? 0 : 1;
}
