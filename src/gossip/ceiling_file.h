// The durable ceiling of a clock, on disk in two copies, so that one damaged copy loses nothing.
//
//     byte version, 1 | 8 bytes ceiling (HLC word) | 4 bytes CRC-32C of the nine before
//
// A ceiling counts as durable once both copies hold it. After a crash between the two, the higher
// one is taken: too high costs nothing, too low would let the clock go back.
#pragma once

#include <string>

#include "base/result.h"
#include "time/hlc.h"
#include "world/world.h"

namespace distkv::gossip {

class CeilingFile {
public:
    // `name`: the file's name without the ending of the copy.
    CeilingFile(world::World& world, const std::string& name);

    // Zero when neither copy exists. kCorrupt when none can be read: then nobody knows how far the
    // clock had come, and the node must not stamp.
    world::Task<base::Result<time::Hlc>> load();

    // On an error either copy may hold either ceiling; the old one still counts.
    world::Task<base::Result<void>> save(time::Hlc ceiling);

private:
    world::Task<base::Result<time::Hlc>> load_copy(std::string path);

    world::World& world_;
    std::string copies_[2];
};

base::Bytes encode_ceiling(time::Hlc ceiling);
base::Result<time::Hlc> decode_ceiling(base::ByteView bytes);

}  // namespace distkv::gossip
