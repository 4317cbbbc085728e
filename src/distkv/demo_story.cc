#include "distkv/demo_story.h"

#include <cstdlib>
#include <ostream>

#include "distkv/number_text.h"
#include "distkv/table.h"

namespace distkv::distkv {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLinesMax = 30;  // A story, not a log.
constexpr time::Duration kJump = 100ms;

}  // namespace

DemoStory::DemoStory(sim::Planet& planet, const Output& output) : planet_(planet), output_(output) {
    for (const auto& node : planet.nodes()) {
        seen_.push_back(see(*node));
        seen_.back().up = true;  // All start at once, which is no news.
        seen_.back().starts = 1;
    }
}

DemoStory::Seen DemoStory::see(const sim::Node& node) const {
    return {.up = node.up(),
            .paused = node.paused(),
            .frozen = node.clock().frozen(),
            .starts = node.starts(),
            .error = node.clock().error(planet_.stage().now())};
}

void DemoStory::tell(const sim::Node& node, const std::string& what, Tone tone) {
    if (++lines_ > kLinesMax) {
        if (lines_ == kLinesMax + 1) {
            output_.out << "           ... and so on\n";
        }
        return;
    }
    const double at = time::to_millis(planet_.stage().now().time_since_epoch()) / 1000;
    std::string when = fixed_decimals(at, 1) + "s";
    when.insert(0, when.size() < 9 ? 9 - when.size() : 0, ' ');
    output_.out << when << "  " << painted(node.options().name, Tone::kBold, output_.out_colours)
                << ' ' << painted(what, tone, output_.out_colours) << '\n';
}

void DemoStory::compare(const sim::Node& node, const Seen& before, const Seen& now) {
    if (before.up && !now.up) {
        tell(node, "goes down", Tone::kBad);
    } else if (!before.up && now.up) {
        tell(node, "is back, and must not stamp below what it stamped before", Tone::kGood);
    } else if (now.starts != before.starts) {
        tell(node, "restarts", Tone::kWarn);
    }
    if (before.paused != now.paused) {
        tell(node, now.paused ? "stands still" : "goes on, and does not know how long it slept",
             now.paused ? Tone::kBad : Tone::kGood);
    }
    const time::Duration moved = now.error - before.error;
    if (before.frozen != now.frozen) {
        tell(node, now.frozen ? "has a clock that stopped" : "has a clock that runs again",
             now.frozen ? Tone::kBad : Tone::kGood);
    } else if (std::llabs(moved.count()) > kJump.count() && !now.frozen) {
        const bool right = std::llabs(now.error.count()) < kJump.count();
        tell(node,
             right ? "has its clock corrected"
                   : "sees its clock jump by " + short_text(moved) + ", and does not know",
             right ? Tone::kGood : Tone::kBad);
    }
}

void DemoStory::look() {
    const auto& nodes = planet_.nodes();
    if (!healed_ && planet_.nemesis().healed()) {
        healed_ = true;
        lines_ = 0;
        output_.out << "\nThe weather clears; what can be repaired is repaired.\n";
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        Seen now = see(*nodes[i]);
        Seen& before = seen_[i];
        const bool same = now.up == before.up && now.paused == before.paused &&
                          now.frozen == before.frozen && now.starts == before.starts;
        if (!same || std::llabs((now.error - before.error).count()) > kJump.count()) {
            compare(*nodes[i], before, now);
        } else if (!now.frozen) {
            continue;  // Drift adds up to what looks like a jump only against an old reading.
        }
        before = now;
    }
}

}  // namespace distkv::distkv
