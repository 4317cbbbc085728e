#include "scenario/register_machine.h"

#include "base/check.h"
#include "base/codec.h"
#include "base/crc32c.h"

namespace distkv::scenario {

using base::Bytes;
using base::Errc;
using base::Result;
using history::OpKind;
using history::Value;
using world::Task;

namespace {

constexpr std::size_t kRegistersMax = 1'000'000;
constexpr std::size_t kSwapsKept = 1000;

void put(const Value& value, base::Encoder& out) {
    out.varint(value ? *value + 1 : 0);
}

Result<Value> get_value(base::Decoder& in) {
    const std::uint64_t word = TRY(in.varint());
    return word == 0 ? Value{} : Value{word - 1};
}

// Makes a snapshot more than one piece.
constexpr std::size_t kPaddingBytes = 700;

}  // namespace

Bytes encode(const RegisterCommand& command) {
    base::Encoder out;
    out.fixed(static_cast<std::uint8_t>(command.kind));
    out.varint(command.key);
    put(command.from, out);
    put(command.to, out);
    return std::move(out).take();
}

Result<RegisterCommand> decode_command(base::ByteView bytes) {
    base::Decoder in(bytes);
    RegisterCommand command;
    command.kind = static_cast<OpKind>(TRY(in.fixed<std::uint8_t>()));
    command.key = TRY(in.varint());
    command.from = TRY(get_value(in));
    command.to = TRY(get_value(in));
    TRY(in.finish());
    return command;
}

Task<Result<shard::Mark>> RegisterMachine::open() {
    const Result<shard::Mark> mark = co_await BlobMachine::open();
    if (mark) {
        watch_.loaded(*mark, sum_);
    }
    co_return mark;
}

Task<Result<void>> RegisterMachine::load(shard::Source& source, const shard::Mark& mark) {
    const Result<void> loaded = co_await BlobMachine::load(source, mark);
    if (loaded) {
        watch_.loaded(mark, sum_);
    }
    co_return loaded;
}

Result<void> RegisterMachine::apply(std::span<const raft::Entry> entries,
                                    const shard::Mark& after) {
    if (!watch_.has_room()) {
        return base::fail(Errc::kRetry, "no room just now");
    }
    for (const raft::Entry& entry : entries) {
        base::Encoder place;
        place.varint(entry.index);
        place.varint(entry.term);
        sum_ = base::crc32c(entry.body.view(), base::crc32c(place.view(), sum_));
        if (entry.kind == raft::EntryKind::kNormal) {
            apply(entry);
        }
        watch_.applied(entry, sum_);
    }
    return BlobMachine::apply({}, after);
}

void RegisterMachine::apply(const raft::Entry& entry) {
    const Result<RegisterCommand> command = decode_command(entry.body.view());
    CHECK(command.has_value());
    const bool swaps =
        command->kind != OpKind::kCompareAndSet || get(command->key) == command->from;
    if (swaps && command->to) {
        registers_[command->key] = *command->to;
    }
    swapped_[entry.index] = swaps;
    if (swapped_.size() > kSwapsKept) {
        swapped_.erase(swapped_.begin());
    }
}

Value RegisterMachine::get(std::uint64_t key) const {
    const auto found = registers_.find(key);
    return found == registers_.end() ? Value{} : Value{found->second};
}

std::optional<bool> RegisterMachine::swapped(std::uint64_t index) const {
    const auto found = swapped_.find(index);
    return found == swapped_.end() ? std::nullopt : std::optional(found->second);
}

void RegisterMachine::clear() {
    registers_.clear();
    swapped_.clear();
    sum_ = 0;
}

Bytes RegisterMachine::encode() const {
    base::Encoder out;
    out.fixed(sum_);
    out.varint(registers_.size());
    for (const auto& [key, value] : registers_) {
        out.varint(key);
        out.varint(value);
    }
    out.bytes(Bytes(kPaddingBytes, 'x'));
    return std::move(out).take();
}

Result<void> RegisterMachine::decode(base::ByteView state) {
    base::Decoder in(state);
    sum_ = TRY(in.fixed<std::uint32_t>());
    const std::uint64_t count = TRY(in.varint());
    if (count > kRegistersMax) {
        return base::fail(Errc::kCorrupt, "too many registers");
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t key = TRY(in.varint());
        registers_[key] = TRY(in.varint());
    }
    static_cast<void>(TRY(in.bytes(kPaddingBytes)));
    return in.finish();
}

}  // namespace distkv::scenario
