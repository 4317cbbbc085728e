// What a stamp costs beside a bare reading of the clock, in the same run.
//
//     time_hlc_bench [--json]
//
// Each figure is the median over repetitions of the mean over a batch; the repetitions of the
// variants are interleaved, so that a slow moment of the machine falls on all of them.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "time/hlc_clock.h"

namespace {

using namespace distkv;

constexpr int kBatch = 200'000;
constexpr int kRepetitions = 41;
constexpr double kBeyondReadMax = 30;

time::WallTime read_wall() {
    timespec ts{};
    clock_gettime(CLOCK_REALTIME, &ts);
    return time::WallTime(std::chrono::seconds(ts.tv_sec) + std::chrono::nanoseconds(ts.tv_nsec));
}

double nanos_since(const timespec& start) {
    timespec end{};
    clock_gettime(CLOCK_MONOTONIC, &end);
    return static_cast<double>(end.tv_sec - start.tv_sec) * 1e9 +
           static_cast<double>(end.tv_nsec - start.tv_nsec);
}

template <class Work>
double nanos_each(Work work) {
    timespec start{};
    clock_gettime(CLOCK_MONOTONIC, &start);
    std::uint64_t sum = 0;
    for (int i = 0; i < kBatch; ++i) {
        sum += work();
    }
    const double nanos = nanos_since(start);
    asm volatile("" : : "r"(sum));  // The result counts as used.
    return nanos / kBatch;
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

struct Variant {
    std::string_view name;
    std::vector<double> nanos;
};

void print_table(const std::array<Variant, 3>& variants, double bare) {
    std::printf("%-28s %10s %14s\n", "", "ns each", "beyond a read");
    for (const Variant& variant : variants) {
        const double each = median(variant.nanos);
        std::printf("%-28s %10.1f %14.1f\n", variant.name.data(), each, each - bare);
    }
    std::printf("median of %d repetitions of %d; target: at most %.0f ns beyond a read\n",
                kRepetitions, kBatch, kBeyondReadMax);
}

void print_json(const std::array<Variant, 3>& variants, double bare) {
    std::printf(
        "{\"bench\":\"hlc\",\"read_ns\":%.2f,\"now_ns\":%.2f,\"receive_ns\":%.2f,"
        "\"now_beyond_read_ns\":%.2f,\"receive_beyond_read_ns\":%.2f}\n",
        bare, median(variants[1].nanos), median(variants[2].nanos),
        median(variants[1].nanos) - bare, median(variants[2].nanos) - bare);
}

}  // namespace

int main(int argc, char** argv) {
    const bool json = argc > 1 && std::string_view(argv[1]) == "--json";
    time::HlcClock clock{time::Hlc{}};
    clock.raise_ceiling(time::Hlc::at(read_wall() + std::chrono::hours(1)));
    time::Hlc remote = time::Hlc::at(read_wall());
    std::array<Variant, 3> variants{Variant{"clock_gettime", {}}, Variant{"and HlcClock::now", {}},
                                    Variant{"and HlcClock::receive", {}}};
    for (int i = 0; i < kRepetitions; ++i) {
        variants[0].nanos.push_back(nanos_each(
            [] { return static_cast<std::uint64_t>(read_wall().time_since_epoch().count()); }));
        variants[1].nanos.push_back(nanos_each([&] {
            const auto stamp = clock.now(read_wall());
            CHECK(stamp.has_value());
            return stamp->word;
        }));
        variants[2].nanos.push_back(nanos_each([&] {
            remote.word += 250;  // About 60 ns: a sender now below our own stamps, now above.
            const auto stamp = clock.receive(read_wall(), remote);
            CHECK(stamp.has_value());
            return stamp->word;
        }));
    }
    const double bare = median(variants[0].nanos);
    json ? print_json(variants, bare) : print_table(variants, bare);
    const bool good = std::ranges::all_of(variants, [bare](const Variant& variant) {
        return median(variant.nanos) - bare <= kBeyondReadMax;
    });
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
