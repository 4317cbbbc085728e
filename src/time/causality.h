// Events of many nodes put in an order in which no effect stands before its cause, for people who
// look for what went wrong.
//
// One event causes another when the other names it as a parent (a message received, a transaction
// resumed), or when both are of one node and it was stamped first. Two events with no chain of
// causes between them are concurrent: neither can have known of the other.
//
// An HLC that works puts every cause below its effect. Where a parent's stamp is not below its
// child's, a clock or a program is wrong: the child is flagged.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "time/hlc.h"

namespace distkv::time {

struct EventId {
    std::uint64_t value = 0;

    auto operator<=>(const EventId&) const = default;
};

struct TracedEvent {
    EventId id;
    Stamp stamp;
    std::vector<EventId> parents;  // Those that are not in the list are counted, and ignored.
};

struct OrderedEvent {
    std::size_t index = 0;  // Into the list given.
    // No chain of causes between it and the event before it in this order.
    bool concurrent_with_previous = false;
    bool before_its_cause = false;  // Its stamp is not above that of a parent.
    std::size_t parents_missing = 0;
};

// Ties go to the lower stamp, then the lower id, so that one set of events has one order however it
// is listed. kInvalid when two events have one id, or events cause each other in a circle.
base::Result<std::vector<OrderedEvent>> sort_by_causality(const std::vector<TracedEvent>& events);

// Whether a chain of causes leads from one to the other, for any two of them.
enum class Causality : std::uint8_t { kBefore, kAfter, kConcurrent };

base::Result<Causality> causality(const std::vector<TracedEvent>& events, EventId a, EventId b);

}  // namespace distkv::time
