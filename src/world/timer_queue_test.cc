#include "world/timer_queue.h"

#include <map>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::world {
namespace {

// Against a sorted map: random arming, disarming and firing, checked after every step.
TEST(TimerQueue, AgreesWithAModel) {
    base::Rng rng(7);
    for (int round = 0; round < 50; ++round) {
        TimerQueue queue;
        std::vector<std::unique_ptr<Timer>> timers;
        std::map<std::pair<time::MonoTime, int>, Timer*> model;  // By due time, then by arming.
        time::MonoTime now{};
        int armed = 0;
        for (int step = 0; step < 400; ++step) {
            const auto choice = rng.below(4);
            if (choice <= 1) {
                timers.push_back(std::make_unique<Timer>());
                const time::MonoTime due = now + time::Duration(rng.between(0, 20));
                queue.arm(*timers.back(), due);
                model[{due, armed++}] = timers.back().get();
            } else if (choice == 2 && !model.empty()) {
                auto victim = model.begin();
                std::advance(victim, rng.below(model.size()));
                victim->second->disarm();
                model.erase(victim);
            } else {
                now += time::Duration(rng.between(0, 5));
                while (!model.empty() && model.begin()->first.first <= now) {
                    ASSERT_EQ(queue.take_due(now), model.begin()->second);
                    model.erase(model.begin());
                }
                ASSERT_EQ(queue.take_due(now), nullptr);
            }
            ASSERT_EQ(queue.size(), model.size());
            ASSERT_EQ(queue.next_due().has_value(), !model.empty());
            if (!model.empty()) {
                ASSERT_EQ(*queue.next_due(), model.begin()->first.first);
            }
        }
    }
}

TEST(TimerQueue, ADestroyedTimerIsGone) {
    TimerQueue queue;
    {
        Timer timer;
        queue.arm(timer, time::MonoTime(time::Duration(5)));
        EXPECT_EQ(queue.size(), 1U);
    }
    EXPECT_EQ(queue.size(), 0U);
    EXPECT_FALSE(queue.next_due().has_value());
}

}  // namespace
}  // namespace distkv::world
