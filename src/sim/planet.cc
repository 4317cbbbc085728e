#include "sim/planet.h"

#include <utility>

#include "base/check.h"
#include "time/geography.h"

namespace distkv::sim {
namespace {

using namespace std::chrono_literals;
using time::Duration;

constexpr Duration kOwnMachineDelay = 5us;
constexpr Duration kSameSiteDelay = 100us;
constexpr std::size_t kReactorsPerNodeMax = 3;
constexpr Duration kUptimeMax = std::chrono::hours(24 * 400);

// Weather must stand before the nemesis reads it.
Stage make_stage(const PlanetOptions& options) {
    Stage stage(options.seed);
    stage.weather = options.weather.value_or(
        Weather::draw(base::Rng(options.seed).fork("weather"), options.length));
    return stage;
}

}  // namespace

Planet::Planet(PlanetOptions options, const Program& program)
    : options_(std::move(options)),
      stage_(make_stage(options_)),
      fabric_(stage_),
      nemesis_(stage_, fabric_, nodes_) {
    place_nodes(program);
    connect();
}

Planet::~Planet() = default;

void Planet::place_nodes(const Program& program) {
    CHECK(!options_.sites.empty());
    base::Rng rng = base::Rng(options_.seed).fork("nodes");
    const auto drawn = static_cast<std::size_t>(1 + rng.below(kReactorsPerNodeMax));
    for (std::size_t i = 0; i < options_.sites.size(); ++i) {
        Node::Options node{.id = {i + 1},
                           .name = options_.sites[i].name,
                           .place = options_.sites[i].place,
                           .reactors = options_.reactors_per_node.value_or(drawn),
                           .clock = draw_clock(rng)};
        nodes_.push_back(std::make_unique<Node>(stage_, fabric_, std::move(node), program));
    }
}

Clock::Options Planet::draw_clock(base::Rng& rng) {
    const std::int64_t healthy = options_.clock_error_max.count();
    Clock::Options clock{.offset = Duration(rng.between(-healthy, healthy)),
                         .mono_at_start = Duration(rng.between(0, kUptimeMax.count()))};
    const std::int64_t drift = rng.between(-kDeclaredDrift.ppb, kDeclaredDrift.ppb);
    const bool wrong = rng.chance(200'000);
    const std::int64_t error = rng.between(Duration(100ms).count(), Duration(1h).count());
    const bool ahead = rng.chance(500'000);
    if (rng.chance(500'000)) {  // Just switched on: readings of two boots look alike.
        clock.mono_at_start %= std::chrono::seconds(10);
    }
    if (stage_.weather.has(Fault::kClockDrift)) {
        clock.drift_ppb = drift;
        stage_.fired(Fault::kClockDrift);
    }
    if (stage_.weather.has(Fault::kClockOffset) && wrong) {
        clock.offset = Duration(ahead ? error : -error);
        stage_.fired(Fault::kClockOffset);
    }
    return clock;
}

void Planet::connect() {
    base::Rng rng = base::Rng(options_.seed).fork("links");
    // Real cables run two to three times as long as the shortest way; the best ones hardly more.
    const std::int64_t route_percent = rng.between(100, 300);
    const std::int64_t jitter_percent = rng.between(0, 20);
    for (const auto& from : nodes_) {
        for (const auto& to : nodes_) {
            Duration delay = kOwnMachineDelay;
            if (from != to) {
                delay =
                    kSameSiteDelay + time::light_floor(from->options().place, to->options().place) *
                                         route_percent / 100;
            }
            fabric_.set_link(from->id(), to->id(),
                             {.delay = delay, .jitter_max = delay * jitter_percent / 100});
        }
    }
}

void Planet::run(const std::function<bool()>& stop) {
    for (const auto& node : nodes_) {
        node->start();
    }
    nemesis_.begin(heals_at());
    while (stage_.events.run_next(ends_at())) {
        if (stop && stop()) {
            return;
        }
    }
}

Node& Planet::node(base::NodeId id) {
    CHECK(id.value >= 1 && id.value <= nodes_.size());
    return *nodes_[id.value - 1];
}

TrueTime Planet::heals_at() const {
    return TrueTime(options_.length * options_.heal_percent / 100);
}

const world::MarkCounts& Planet::marks_at_the_end() {
    for (const auto& node : nodes_) {
        node->kill();  // Worlds hand in their marks when they end.
    }
    return stage_.marks;
}

}  // namespace distkv::sim
