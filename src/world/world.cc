#include "world/world.h"

namespace distkv::world {

World::World(Parts parts)
    : node_(parts.node),
      rng_(base::Rng(parts.seed).fork("node")),
      disorder_(base::Rng(parts.seed).fork("disorder")),
      log_(std::move(parts.log)),
      scheduler_(parts.disorder ? &disorder_ : nullptr),
      stop_signal_(scheduler_) {}

void World::ask_to_stop() {
    stopping_ = true;
    stop_signal_.wake_all();
}

}  // namespace distkv::world
