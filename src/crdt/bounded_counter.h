// A counter that never goes below zero, in any region, although regions do not ask each other
// (escrow: O'Neil, 1986; as a CRDT: Balegas et al., 2015). Who increments makes rights, who
// decrements spends rights, and rights can be given to others:
//
//     rights of i = granted by i + given to i + taken by i
//                 - spent by i - given by i - taken from i
//
// Value: all that was granted less all that was spent. A replica that has seen spending before the
// grant that paid for it shows zero, never less.
//
// An authority (one for the cluster, agreed on by a majority) says how much each origin may use
// alone: its *slice*, the total that it may ever have spent and given. Only because of it can the
// rights of a dead region be taken over, while that region, if it is only cut off, goes on selling:
//
//   1. A slice never shrinks, and is never above what is known to have come to the origin and was
//      not taken from it: held + used of bounded_rights(), asked where all reclaims from that
//      origin have been seen.
//   2. An origin uses at most its slice, and only while its lease runs.
//   3. Reclaiming takes at most what came to the dead origin beyond its slice. What is not known of
//      it can only be more income: its own grants and what others gave it.
//   4. Of one dead origin there is one reclaimer at a time. The authority names the next one with
//      the reclaims before it, and it waits until it has seen them.
//
// By 1 and 3, income less what was taken never falls below the slice, and by 2 use stays within the
// slice: no rights are ever negative, so what was spent is at most what was granted, in truth. When
// the region returns, what it has not spent of its slice is its own again, for it was never taken.
// If it returns in a new incarnation, the old one's slice is reclaimed once all that the old one
// did is known: its slice is then what it used.
//
// Deleting the key is the authority's, after all leases have ended: a row that was written at the
// same time survives whole, and without the others' rows it may come to too little.
#pragma once

#include <cstdint>

#include "crdt/writer.h"

namespace distkv::crdt {

struct Lease {
    std::int64_t leased_total = 0;  // The slice.
    time::Hlc expires;
};

struct Gift {
    model::Origin to;
    std::int64_t amount = 0;
};

struct DeadOrigin {
    model::Origin from;
    std::int64_t leased_total = 0;  // Its slice, as the authority recorded it.
    model::VersionVector earlier;   // The reclaims before, by others.
};

struct Rights {
    std::int64_t held = 0;
    std::int64_t used = 0;
};

base::Result<std::int64_t> bounded_value(const KeyState& state, time::Hlc now);

// As far as is known here.
base::Result<Rights> bounded_rights(const KeyState& state, const model::Origin& origin,
                                    time::Hlc now);

// Reply: the value. kInvalid unless the amount is above zero.
base::Result<Outcome<std::int64_t>> bounded_increment(const KeyState& state, std::int64_t amount,
                                                      const Writer& writer);

// Reply: the value. kInvalid when the slice or the lease does not allow it; kRetry when it does,
// but what it stands on has not arrived here yet.
base::Result<Outcome<std::int64_t>> bounded_decrement(const KeyState& state, std::int64_t amount,
                                                      const Lease& lease, const Writer& writer);

// Reply: the rights that the giver still holds. Refused as a decrement is.
base::Result<Outcome<std::int64_t>> bounded_give(const KeyState& state, const Gift& gift,
                                                 const Lease& lease, const Writer& writer);

// Reply: how much it took, maybe nothing. kRetry until the earlier reclaims have been seen.
base::Result<Outcome<std::int64_t>> bounded_reclaim(const KeyState& state, const DeadOrigin& dead,
                                                    const Writer& writer);

}  // namespace distkv::crdt
