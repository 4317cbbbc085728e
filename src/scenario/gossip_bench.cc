// How fast the simulator runs, beside a bare event queue in the same run.
//
//     scenario_gossip_bench [--json]
//
// The yardstick is what any discrete-event simulator must do at least: take the next entry from a
// heap, call it, and let it schedule its successor. Repetitions are interleaved; figures are
// medians.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <queue>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/rng.h"
#include "scenario/gossip_run.h"
#include "sim/event_queue.h"

namespace {

using namespace distkv;
using namespace std::chrono_literals;

constexpr int kRepetitions = 5;
constexpr std::uint64_t kEvents = 400'000;  // About as many as ten minutes of gossip.
constexpr std::size_t kUnderWay = 200;
constexpr double kEventsPerSecondMin = 100'000;
constexpr double kTenMinutesMax = 5;  // Seconds, for all that is simulated in one run.

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct BareEvent {
    std::int64_t at;
    std::uint64_t sequence;
    void (*call)(std::uint64_t& counter);

    bool operator<(const BareEvent& other) const {
        return at != other.at ? at > other.at : sequence > other.sequence;
    }
};

std::uint64_t run_bare_queue() {
    std::priority_queue<BareEvent> queue;
    base::Rng rng(1);
    std::uint64_t ran = 0;
    const auto count = [](std::uint64_t& counter) { ++counter; };
    for (std::uint64_t i = 0; i < kUnderWay; ++i) {
        queue.push({rng.between(0, 1'000'000), i, count});
    }
    while (ran < kEvents) {
        const BareEvent next = queue.top();
        queue.pop();
        next.call(ran);
        queue.push({next.at + rng.between(1, 1'000'000), kUnderWay + ran, count});
    }
    return ran;
}

struct Again {
    sim::EventQueue& queue;
    base::Rng& rng;

    void operator()() const { queue.schedule_in(time::Duration(rng.between(1, 1'000'000)), *this); }
};

std::uint64_t run_event_queue() {
    sim::EventQueue queue;
    base::Rng rng(1);
    for (std::size_t i = 0; i < kUnderWay; ++i) {
        queue.schedule_in(time::Duration(rng.between(0, 1'000'000)), Again{queue, rng});
    }
    while (queue.events_run() < kEvents && queue.run_next(sim::TrueTime::max())) {
    }
    return queue.events_run();
}

std::uint64_t run_gossip(bool calm) {
    scenario::GossipRun run{.seed = 7, .nodes = 12, .length = 10min};
    if (calm) {
        run.weather = sim::Weather::calm();
    }
    const sim::RunReport report = scenario::run_gossip(run);
    CHECK(report.violations.empty());
    return report.events;
}

struct Variant {
    const char* name;
    std::uint64_t (*run)();
    std::vector<double> seconds;
    std::uint64_t events = 0;

    [[nodiscard]] double median() const {
        std::vector<double> sorted = seconds;
        std::ranges::sort(sorted);
        return sorted[sorted.size() / 2];
    }
    [[nodiscard]] double events_per_second() const {
        return static_cast<double>(events) / median();
    }
    [[nodiscard]] double nanos_per_event() const {
        return median() * 1e9 / static_cast<double>(events);
    }
};

}  // namespace

int main(int argc, char** argv) {
    const bool json = argc > 1 && std::string_view(argv[1]) == "--json";
    Variant variants[] = {
        {"bare event queue", run_bare_queue, {}},
        {"simulator's event queue", run_event_queue, {}},
        {"gossip, calm, 10 min", [] { return run_gossip(true); }, {}},
        {"gossip, storm, 10 min", [] { return run_gossip(false); }, {}},
    };
    for (int i = 0; i < kRepetitions; ++i) {
        for (Variant& variant : variants) {
            const double start = cpu_seconds();
            variant.events = variant.run();
            variant.seconds.push_back(cpu_seconds() - start);
        }
    }
    if (!json) {
        std::printf("%-26s %10s %12s %10s %12s\n", "", "events", "CPU s", "ns/event", "events/s");
    }
    bool good = true;
    for (const Variant& variant : variants) {
        good = good && variant.median() < kTenMinutesMax &&
               variant.events_per_second() >= kEventsPerSecondMin;
        std::printf(json ? "{\"bench\":\"%s\",\"events\":%llu,\"cpu_seconds\":%.3f,"
                           "\"ns_per_event\":%.0f,\"events_per_second\":%.0f}\n"
                         : "%-26s %10llu %12.3f %10.0f %12.0f\n",
                    variant.name, static_cast<unsigned long long>(variant.events), variant.median(),
                    variant.nanos_per_event(), variant.events_per_second());
    }
    if (!json) {
        std::printf("median of %d; targets: %.0f events/s, 10 min of 12 nodes in under %.0f s\n",
                    kRepetitions, kEventsPerSecondMin, kTenMinutesMax);
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
