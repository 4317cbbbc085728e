// A machine whose whole state is small: it lives in memory and is one file on the disk, replaced as
// a whole at each flush. Of groups that agree on little, such as a directory or a benchmark's
// ledger.
#pragma once

#include <string>

#include "shard/machine.h"
#include "world/world.h"

namespace distkv::shard {

class BlobMachine : public Machine {
public:
    BlobMachine(world::World& world, std::string path) : world_(world), path_(std::move(path)) {}

    world::Task<base::Result<Mark>> open() override;
    base::Result<void> apply(std::span<const raft::Entry> entries, const Mark& after) override;
    world::Task<base::Result<Mark>> flush() override;
    world::Task<base::Result<Mark>> save(Sink& sink) override;
    world::Task<base::Result<void>> load(Source& source, const Mark& mark) override;
    world::Task<base::Result<void>> destroy() override;

    [[nodiscard]] const Mark& mark() const { return mark_; }

protected:
    virtual void clear() = 0;
    virtual void apply(const raft::Entry& entry) = 0;  // Of the kind kNormal.
    [[nodiscard]] virtual base::Bytes encode() const = 0;
    virtual base::Result<void> decode(base::ByteView state) = 0;  // Into a cleared one.

private:
    [[nodiscard]] base::Bytes encode_whole() const;
    // `said`: what the mark in it must be, if that is known.
    base::Result<void> decode_whole(base::ByteView file, const Mark* said);

    world::World& world_;
    std::string path_;
    Mark mark_;
};

}  // namespace distkv::shard
