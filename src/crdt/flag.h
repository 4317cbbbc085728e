// On or off; of concurrent commands, to enable wins. Off is the same as no such key.
#pragma once

#include "crdt/writer.h"

namespace distkv::crdt {

// Whether that changed anything. To enable what is on writes all the same: its dot protects it
// from a concurrent disable.
base::Result<Outcome<bool>> flag_enable(const KeyState& state, const Writer& writer);
base::Result<Outcome<bool>> flag_disable(const KeyState& state, const Writer& writer);

base::Result<bool> flag_is_enabled(const KeyState& state, time::Hlc now);

}  // namespace distkv::crdt
