// Checks, when services are configured and long before a request fails, whether their timeouts can
// be kept: a tree of services that call each other, with places, processing times and timeouts.
//
//   required(s) = floor(s) + processing(s) + required of its children (their sum, or the largest
//                 when they are called at the same time)
//   floor(s)    = 2 x light one way from its caller
//
// A timeout is what the caller of s waits for s, the way included. It is
//   impossible    below required(s): no implementation can ever keep it; refused,
//   tight         below required(s) x safety: no buffer for queues, retransmission, routes; or the
//                 children together want more than 95 % of it,
//   compliant     otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "time/budget.h"
#include "time/geography.h"

namespace distkv::time {

struct Service {
    std::string name;
    Coordinates at;
    std::string region;  // For people.
    Duration processing{0};
    std::optional<Duration> timeout;  // Not given: suggested; the root's is the patience.
    bool parallel = false;            // Calls its children at the same time.
    std::vector<Service> children;
};

struct ServiceTreeOptions {
    Duration patience = kPatience;
    double safety = 2.0;
    std::int64_t child_percent_max = kChildPercentMax;
    // Where the requests come from; without it the way to the root counts nothing.
    std::optional<Coordinates> client;
};

enum class Compliance : std::uint8_t { kCompliant, kTight, kImpossible };

std::string_view name_of(Compliance compliance);

struct ServiceRow {
    std::string name;
    std::string region;
    std::size_t depth = 0;
    Duration floor{0};
    Duration processing{0};
    Duration children{0};
    Duration required{0};   // floor + processing + children
    Duration buffer{0};     // required x (safety - 1)
    Duration suggested{0};  // required + buffer, and room for the children's timeouts
    Duration timeout{0};    // As configured, or suggested.
    bool timeout_given = false;
    Compliance compliance = Compliance::kCompliant;
    std::string why;  // The arithmetic, unless compliant.
};

struct ServiceTreeReport {
    std::vector<ServiceRow> rows;                    // Callers before callees, in the order given.
    Compliance compliance = Compliance::kCompliant;  // The worst of all rows.
};

// kInvalid only for what cannot be computed: bad places, negative times, a tree too large.
base::Result<ServiceTreeReport> check_services(const Service& root,
                                               const ServiceTreeOptions& options);

// For whoever takes a configuration: kInvalid with the arithmetic when a budget is impossible.
base::Result<void> refuse_impossible(const ServiceTreeReport& report);

}  // namespace distkv::time
