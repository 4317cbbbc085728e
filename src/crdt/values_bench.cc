// What a command costs in memory: evaluating it and merging what it writes, beside a bare
// std::map of strings in the same run.
//
//     crdt_values_bench [--json]
//
// Each figure is the median over repetitions of the mean over a batch; the repetitions of the
// variants are interleaved, so that a slow moment of the machine falls on all of them.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "crdt/map.h"
#include "crdt/merge.h"
#include "crdt/set.h"
#include "crdt/string.h"

namespace {

using namespace distkv;

constexpr int kBatch = 20'000;
constexpr int kRepetitions = 41;
constexpr double kTargetNanos = 1000;

double nanos_since(const timespec& start) {
    timespec end{};
    clock_gettime(CLOCK_MONOTONIC, &end);
    return static_cast<double>(end.tv_sec - start.tv_sec) * 1e9 +
           static_cast<double>(end.tv_nsec - start.tv_nsec);
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

// A key as one of three regions has it: the others have written it too.
class Key {
public:
    template <class Run>
    void write(std::uint64_t region, Run run) {
        const model::Dot dot{{++stamp_}, {model::RegionId{region}, 1}};
        auto outcome = run(state_, crdt::Writer{dot, seen_});
        CHECK(outcome.has_value());
        for (const crdt::Effect& effect : outcome->effects) {
            crdt::merge(state_, effect);
        }
        seen_.raise(dot);
    }

private:
    crdt::KeyState state_;
    model::VersionVector seen_;
    std::uint64_t stamp_ = std::uint64_t{1'700'000'000'000'000} << time::Hlc::kCounterBits;
};

struct Variant {
    std::string_view name;
    std::function<void(std::uint64_t)> run;
    std::vector<double> nanos{};
};

base::Bytes element(std::uint64_t i) {
    return "element:" + std::to_string(i % 16);
}

auto incr(std::uint64_t) {
    return [](const crdt::KeyState& state, const crdt::Writer& writer) {
        return crdt::string_increment(state, 1, writer);
    };
}
auto sadd(std::uint64_t i) {
    return [i](const crdt::KeyState& state, const crdt::Writer& writer) {
        const base::Bytes member = element(i);
        return crdt::set_add(state, crdt::SetKind::kAddWins, {&member, 1}, writer);
    };
}
auto hset(std::uint64_t i) {
    return [i](const crdt::KeyState& state, const crdt::Writer& writer) {
        const crdt::MapEntry entry{element(i), "value"};
        return crdt::map_set(state, {&entry, 1}, writer);
    };
}

template <class Make>
std::function<void(std::uint64_t)> on_key(Key& key, Make make) {
    for (std::uint64_t i = 0; i < 48; ++i) {
        key.write(1 + (i / 16), make(i));
    }
    return [&key, make](std::uint64_t i) { key.write(1, make(i)); };
}

void measure(Variant& variant) {
    timespec start{};
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (std::uint64_t i = 0; i < kBatch; ++i) {
        variant.run(i);
    }
    variant.nanos.push_back(nanos_since(start) / kBatch);
}

}  // namespace

int main(int argc, char** argv) {
    const bool json = argc > 1 && std::string_view(argv[1]) == "--json";
    Key counter;
    Key members;
    Key fields;
    std::map<base::Bytes, base::Bytes> plain;
    std::vector<Variant> variants{{"map", [&](std::uint64_t i) { plain[element(i)] = "value"; }},
                                  {"INCR", on_key(counter, incr)},
                                  {"SADD", on_key(members, sadd)},
                                  {"HSET", on_key(fields, hset)}};
    for (int i = 0; i < kRepetitions; ++i) {
        for (Variant& variant : variants) {
            measure(variant);
        }
    }
    if (json) {
        std::printf("{\"bench\":\"values\"");
        for (const Variant& variant : variants) {
            std::printf(",\"%s_ns\":%.1f", variant.name.data(), median(variant.nanos));
        }
        std::printf("}\n");
        return EXIT_SUCCESS;
    }
    std::printf("%-16s %10s %12s\n", "", "ns each", "of target");
    for (const Variant& variant : variants) {
        const double each = median(variant.nanos);
        std::printf("%-16s %10.1f %11.2fx\n", variant.name.data(), each, each / kTargetNanos);
    }
    std::printf(
        "evaluate and merge; three regions wrote the key; sets and maps of 16; target: at "
        "most %.0f ns\n",
        kTargetNanos);
    return EXIT_SUCCESS;
}
