// What agreement costs in CPU: three cores in one process that hand each other their messages, on
// disks that answer at once. So all that is left is the consensus itself.
//
//     raft_core_bench [--json]
//
// A proposal has 256 bytes, and counts when its leader has handed it out to be applied; by then the
// cores are pumped until nobody has anything more to say. "1" is the worst case, every proposal on
// its own, and the only one that is judged; "16" and "256" are so many proposals between two looks
// at the effects; "wire" is "1" with every message encoded and decoded.
//
// The yardstick makes the same bytes and copies them into three plain vectors. Each figure is the
// median over repetitions of the mean over a batch; the repetitions of the variants are
// interleaved, so that a slow moment of the machine falls on all of them.
#include "raft/core.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"

namespace {

using namespace distkv;
using namespace std::chrono_literals;

constexpr std::size_t kProposals = 5120;  // A repetition.
constexpr std::size_t kBytes = 256;
constexpr int kRepetitions = 31;
constexpr double kMicrosMax = 8;

double cpu_micros() {
    timespec now{};
    CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

class Group {
public:
    explicit Group(bool on_the_wire) : on_the_wire_(on_the_wire) {
        raft::Start start;
        start.membership.voters = {{.id = {1}}, {.id = {2}}, {.id = {3}}};
        raft::Options options;
        options.timeouts.heartbeat = 50ms;
        options.timeouts.election_min = 500ms;
        options.timeouts.election_max = 1s;
        for (std::uint64_t id = 1; id <= 3; ++id) {
            options.id = {id};
            cores_.emplace_back(options, start, now_, base::Rng(id));
        }
        cores_[0].step(now_, raft::Campaign{});
        pump();
        CHECK(cores_[0].role() == raft::Role::kLeader);
    }

    // So many proposals, and all that follows from them.
    void propose(std::size_t count) {
        now_ += 10us;
        for (std::size_t i = 0; i < count; ++i) {
            cores_[0].step(now_, raft::Propose{++ticket_, {raft::Body(base::Bytes(kBytes, 'x'))}});
        }
        for (raft::Core& core : cores_) {
            if (core.next_tick() <= now_) {
                core.step(now_, raft::Tick{});
            }
        }
        pump();
    }

    [[nodiscard]] std::uint64_t committed() const { return committed_; }

private:
    void pump() {
        for (bool moved = true; moved;) {
            moved = false;
            for (raft::Core& core : cores_) {
                if (core.has_effects()) {
                    obey(core, core.take_effects());
                    moved = true;
                }
            }
            for (raft::Message& m : std::exchange(under_way_, {})) {
                cores_[m.to.value - 1].step(now_, std::move(m));
            }
        }
    }

    void obey(raft::Core& core, raft::Effects effects) {
        for (raft::Message& m : effects.send) {
            under_way_.push_back(on_the_wire_ ? carried(m) : std::move(m));
        }
        for (const raft::Persist& persist : effects.persist) {
            const bool has = !persist.entries.empty();
            core.step(now_, raft::Persisted{.sequence = persist.sequence,
                                            .last = has ? persist.entries.back().position()
                                                        : raft::Position{}});
        }
        if (!effects.apply.empty()) {
            committed_ += &core == &cores_[0] ? effects.apply.size() : 0;
            core.step(now_, raft::Applied{effects.apply.back().index});
        }
        CHECK(effects.fetch.empty() && effects.snapshots.empty());
    }

    static raft::Message carried(const raft::Message& m) {
        base::Encoder out;
        encode(m, out);
        base::Decoder in(out.view());
        return raft::decode_message(in).value();
    }

    bool on_the_wire_;
    time::MonoTime now_{1s};
    std::vector<raft::Core> cores_;
    std::vector<raft::Message> under_way_;
    std::uint64_t ticket_ = 0;
    std::uint64_t committed_ = 0;
};

// Keeps as much as a core keeps in memory.
class Bare {
public:
    void propose() {
        const base::Bytes body(kBytes, 'x');
        for (std::vector<base::Bytes>& log : logs_) {
            if (log.size() * kBytes >= std::size_t{4} << 20) {
                log.clear();
            }
            log.push_back(body);
        }
    }

private:
    std::array<std::vector<base::Bytes>, 3> logs_;
};

struct Variant {
    std::string_view name;
    std::function<void()> run;  // One repetition.
    std::vector<double> micros{};

    [[nodiscard]] double median() const {
        std::vector<double> sorted = micros;
        std::ranges::sort(sorted);
        return sorted[sorted.size() / 2];
    }
};

std::function<void()> in_batches(Group& group, std::size_t batch) {
    return [&group, batch] {
        const std::uint64_t before = group.committed();
        for (std::size_t done = 0; done < kProposals; done += batch) {
            group.propose(batch);
        }
        CHECK(group.committed() == before + kProposals);
    };
}

double memory_peak_mib() {
    rusage usage{};
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

void report(const std::vector<Variant>& variants, bool good, bool json) {
    const double bare = variants[0].median();
    std::printf(
        json ? "{\"bench\":\"raft_core\",\"good\":%s" : "CPU a committed proposal, good: %s\n",
        good ? "true" : "false");
    for (const Variant& variant : variants) {
        const double each = variant.median();
        std::printf(json ? ",\"%s\":{\"us\":%.3f,\"us_peak\":%.3f,\"ratio\":%.1f}"
                         : "%-6s %8.3f us, peak %8.3f us, %6.1f times bare\n",
                    variant.name.data(), each, std::ranges::max(variant.micros), each / bare);
    }
    std::printf(json ? ",\"memory_peak_mib\":%.1f}\n" : "memory at its peak: %.1f MiB\n",
                memory_peak_mib());
    if (!json) {
        std::printf("3 replicas, %zu bytes; target: at most %.0f us one at a time\n", kBytes,
                    kMicrosMax);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const bool json = argc > 1 && std::string_view(argv[1]) == "--json";
    Bare bare;
    Group group(false);
    Group wired(true);
    const auto bare_run = [&bare] {
        for (std::size_t i = 0; i < kProposals; ++i) {
            bare.propose();
        }
    };
    std::vector<Variant> variants{{"bare", bare_run},
                                  {"1", in_batches(group, 1)},
                                  {"16", in_batches(group, 16)},
                                  {"256", in_batches(group, 256)},
                                  {"wire", in_batches(wired, 1)}};
    for (Variant& variant : variants) {
        variant.run();  // Warm: what is kept in memory is there.
    }
    for (int i = 0; i < kRepetitions; ++i) {
        for (Variant& variant : variants) {
            const double before = cpu_micros();
            variant.run();
            variant.micros.push_back((cpu_micros() - before) / static_cast<double>(kProposals));
        }
    }
    const bool good = variants[1].median() <= kMicrosMax;
    report(variants, good, json);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
