// A map of registers, as the machine of a group: what simulated clients read and write, small
// enough to be judged. It keeps a running sum of everything it has applied, so that two states that
// claim the same mark can be held against each other.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "history/linearizability.h"
#include "shard/blob_machine.h"

namespace distkv::scenario {

struct RegisterCommand {
    history::OpKind kind = history::OpKind::kWrite;
    std::uint64_t key = 0;
    history::Value from{};
    history::Value to{};
};

base::Bytes encode(const RegisterCommand& command);
base::Result<RegisterCommand> decode_command(base::ByteView bytes);

class RegisterMachine : public shard::BlobMachine {
public:
    struct Watch {
        // An entry was applied, and gave this sum.
        std::function<void(const raft::Entry& entry, std::uint32_t sum)> applied;
        // Whether it takes anything just now; if not, the host must offer the same again.
        std::function<bool()> has_room;
        // A whole state was read from a file, or from a snapshot.
        std::function<void(const shard::Mark& mark, std::uint32_t sum)> loaded;
    };
    RegisterMachine(world::World& world, std::string path, Watch watch)
        : BlobMachine(world, std::move(path)), watch_(std::move(watch)) {}

    world::Task<base::Result<shard::Mark>> open() override;
    base::Result<void> apply(std::span<const raft::Entry> entries,
                             const shard::Mark& after) override;
    world::Task<base::Result<void>> load(shard::Source& source, const shard::Mark& mark) override;

    [[nodiscard]] history::Value get(std::uint64_t key) const;

    // Whether the compare-and-set at this index found what it expected; nothing when that is long
    // ago, or happened elsewhere.
    [[nodiscard]] std::optional<bool> swapped(std::uint64_t index) const;

protected:
    void clear() override;
    void apply(const raft::Entry& entry) override;
    [[nodiscard]] base::Bytes encode() const override;
    base::Result<void> decode(base::ByteView state) override;

private:
    Watch watch_;
    std::map<std::uint64_t, std::uint64_t> registers_;
    std::uint32_t sum_ = 0;
    std::map<std::uint64_t, bool> swapped_;  // Not part of the state.
};

}  // namespace distkv::scenario
