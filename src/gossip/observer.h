// What the outside may watch of a gossiping reactor: metrics in the real world, checkers in the
// simulated one. Called synchronously at the moment something happened; must not call back.
#pragma once

#include <vector>

#include "gossip/message.h"
#include "time/clock_judge.h"
#include "time/hlc.h"
#include "world/network.h"

namespace distkv::gossip {

class Observer {
public:
    Observer() = default;
    virtual ~Observer() = default;
    Observer(const Observer&) = delete;
    Observer& operator=(const Observer&) = delete;

    // The reactor made a stamp for an event of its own.
    virtual void stamped(world::Address at, time::Hlc stamp) = 0;

    // The reactor made `stamp` for the event of receiving `remote`, which `from` had made.
    virtual void received(world::Address at, world::Address from, time::Hlc remote,
                          time::Hlc stamp) = 0;

    // A remote stamp was turned away by the skew guard.
    virtual void refused(world::Address at, world::Address from, time::Hlc remote) = 0;

    virtual void sent(world::Address at, world::Address to, const Message& message) = 0;

    // A message arrived and its clock readings were taken, whether or not its stamp was.
    virtual void heard(world::Address at, world::Address from, const Message& message) = 0;

    // A message arrived sooner than light and both epsilons allow.
    virtual void faster_than_light(world::Address at, world::Address from) = 0;

    // A ping had a known outcome (an answer, or it was never sent), or an unknown one.
    virtual void ping_ended(world::Address at, bool definite) = 0;

    virtual void judged(world::Address at, const std::vector<time::PeerClock>& peers,
                        const time::ClockVerdict& verdict) = 0;
};

}  // namespace distkv::gossip
