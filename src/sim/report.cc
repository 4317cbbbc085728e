#include "sim/report.h"

#include <xxhash.h>

#include <algorithm>

namespace distkv::sim {

void SwarmReport::add(const RunReport& run) {
    seeds_.push_back({run.seed, run.trace_hash, run.violations});
    for (const auto& [name, count] : run.figures) {
        figures_[name] += count;
    }
    for (std::size_t i = 0; i < kFaultCount; ++i) {
        faults_[i] += run.faults[i];
    }
    for (std::size_t i = 0; i < world::kMarkCount; ++i) {
        marks_[i] += run.marks[i];
    }
    operations_.definite += run.operations.definite;
    operations_.unknown += run.operations.unknown;
    events_ += run.events;
    violations_ += run.violations.size();
    simulated_ += run.length;
}

std::uint64_t SwarmReport::hash() const {
    std::uint64_t hash = 0;
    for (const Seed& seed : seeds_) {
        const std::uint64_t words[] = {hash, seed.seed, seed.trace_hash};
        hash = XXH3_64bits(words, sizeof words);
    }
    return hash;
}

std::vector<Fault> SwarmReport::faults_never_fired() const {
    std::vector<Fault> never;
    for (std::size_t i = 0; i < kFaultCount; ++i) {
        if (faults_[i] == 0) {
            never.push_back(static_cast<Fault>(i));
        }
    }
    return never;
}

std::vector<world::Mark> SwarmReport::marks_never_hit(
    const std::vector<world::MarkArea>& areas) const {
    std::vector<world::Mark> never;
    for (std::size_t i = 0; i < world::kMarkCount; ++i) {
        if (marks_[i] == 0 && std::ranges::find(areas, world::kMarkAreas[i]) != areas.end()) {
            never.push_back(static_cast<world::Mark>(i));
        }
    }
    return never;
}

bool SwarmReport::enough_definite() const {
    return operations_.definite > 0 && operations_.definite >= operations_.unknown;
}

}  // namespace distkv::sim
