#include "shard/frame.h"

#include <utility>

namespace distkv::shard {

using base::Decoder;
using base::Encoder;
using base::Errc;
using base::Result;

namespace {

// As they stand in the variant.
enum class ItemKind : std::uint8_t {
    kMessage = 1,
    kPulse,
    kPulseAnswer,
    kRouse,
    kQuorumAsk,
    kQuorumAnswer,
    kOffer,
    kWant,
    kChunk,
    kTaken,
};

constexpr std::size_t kMarkBytesMax = std::size_t{64} << 10;

void put(const GroupMessage& item, Encoder& out) {
    out.varint(item.group.value);
    encode(item.message, out);
}

void put_moment(time::MonoTime moment, Encoder& out) {
    out.fixed(static_cast<std::uint64_t>(moment.time_since_epoch().count()));
}

void put_lease(time::Duration lease, Encoder& out) {
    out.varint(static_cast<std::uint64_t>(std::max<std::int64_t>(0, lease.count())));
}

void put(const Pulse& item, Encoder& out) {
    out.varint(item.number);
    put_moment(item.sent_at, out);
    put_lease(item.lease, out);
    out.fixed(item.digest);
    item.closed.encode(out);
}

void put(const PulseAnswer& item, Encoder& out) {
    out.varint(item.number);
    put_moment(item.sent_at, out);
    put_lease(item.lease, out);
    out.fixed(static_cast<std::uint8_t>(item.matches));
    out.varint(item.asleep.size());
    for (const Sleeper& sleeper : item.asleep) {
        out.varint(sleeper.group.value);
        out.varint(sleeper.term);
    }
}

void put(const Rouse& item, Encoder& out) {
    out.varint(item.groups.size());
    for (const GroupId group : item.groups) {
        out.varint(group.value);
    }
}

void put(const QuorumAsk& item, Encoder& out) {
    out.varint(item.group.value);
    out.varint(item.from.value);
    out.varint(item.number);
}

void put(const QuorumAnswer& item, Encoder& out) {
    out.varint(item.group.value);
    out.varint(item.from.value);
    out.varint(item.number);
    out.varint(item.answer.durable_last);
    out.fixed(static_cast<std::uint8_t>(item.answer.repairing));
}

void put(const SnapshotOffer& item, Encoder& out) {
    out.varint(item.group.value);
    out.varint(item.from.value);
    out.varint(item.to.value);
    out.varint(item.term);
    out.varint(item.transfer);
    out.varint(item.size);
    out.fixed(item.crc);
    out.bytes(encode_mark(item.mark));
}

void put(const SnapshotWant& item, Encoder& out) {
    out.varint(item.group.value);
    out.varint(item.transfer);
    out.varint(item.offset);
}

void put(const SnapshotChunk& item, Encoder& out) {
    out.varint(item.group.value);
    out.varint(item.transfer);
    out.varint(item.offset);
    out.bytes(item.bytes);
}

void put(const SnapshotTaken& item, Encoder& out) {
    out.varint(item.group.value);
    out.varint(item.replica.value);
    out.varint(item.transfer);
    out.fixed(static_cast<std::uint8_t>(item.taken));
}

Result<bool> get_flag(Decoder& in) {
    const auto flag = TRY(in.fixed<std::uint8_t>());
    if (flag > 1) {
        return base::fail(Errc::kCorrupt, "a flag is neither 0 nor 1");
    }
    return flag == 1;
}

Result<time::MonoTime> get_moment(Decoder& in) {
    const auto ns = TRY(in.fixed<std::uint64_t>());
    if (ns > INT64_MAX) {
        return base::fail(Errc::kCorrupt, "a moment before the beginning of time");
    }
    return time::MonoTime(time::Duration(static_cast<std::int64_t>(ns)));
}

// Nobody promises anything for longer: a stranger's number must not silence a group for years.
Result<time::Duration> get_lease(Decoder& in) {
    constexpr std::uint64_t kLeaseMax =
        static_cast<std::uint64_t>(time::Duration(std::chrono::minutes(1)).count());
    const std::uint64_t ns = TRY(in.varint());
    if (ns > kLeaseMax) {
        return base::fail(Errc::kCorrupt, "a lease is longer than a minute");
    }
    return time::Duration(static_cast<std::int64_t>(ns));
}

Result<std::size_t> get_count(Decoder& in) {
    const std::uint64_t count = TRY(in.varint());
    if (count > kGroupsMax) {
        return base::fail(Errc::kCorrupt, "a list of " + std::to_string(count) +
                                              " groups; at most " + std::to_string(kGroupsMax) +
                                              " are on one host");
    }
    return count;
}

Result<GroupId> get_group(Decoder& in) {
    return GroupId{TRY(in.varint())};
}

Result<raft::ReplicaId> get_replica(Decoder& in) {
    return raft::ReplicaId{TRY(in.varint())};
}

Result<Item> get_message(Decoder& in) {
    GroupMessage item;
    item.group = TRY(get_group(in));
    item.message = TRY(raft::decode_message(in));
    return item;
}

Result<Item> get_pulse(Decoder& in) {
    Pulse item;
    item.number = TRY(in.varint());
    item.sent_at = TRY(get_moment(in));
    item.lease = TRY(get_lease(in));
    item.digest = TRY(in.fixed<std::uint64_t>());
    item.closed = TRY(time::Hlc::decode(in));
    return item;
}

Result<Item> get_pulse_answer(Decoder& in) {
    PulseAnswer item;
    item.number = TRY(in.varint());
    item.sent_at = TRY(get_moment(in));
    item.lease = TRY(get_lease(in));
    item.matches = TRY(get_flag(in));
    const std::size_t count = TRY(get_count(in));
    for (std::size_t i = 0; i < count; ++i) {
        Sleeper sleeper;
        sleeper.group = TRY(get_group(in));
        sleeper.term = TRY(in.varint());
        item.asleep.push_back(sleeper);
    }
    return item;
}

Result<Item> get_rouse(Decoder& in) {
    Rouse item;
    const std::size_t count = TRY(get_count(in));
    for (std::size_t i = 0; i < count; ++i) {
        item.groups.push_back(TRY(get_group(in)));
    }
    return item;
}

Result<Item> get_quorum_ask(Decoder& in) {
    QuorumAsk item;
    item.group = TRY(get_group(in));
    item.from = TRY(get_replica(in));
    item.number = TRY(in.varint());
    return item;
}

Result<Item> get_quorum_answer(Decoder& in) {
    QuorumAnswer item;
    item.group = TRY(get_group(in));
    item.from = TRY(get_replica(in));
    item.number = TRY(in.varint());
    item.answer.durable_last = TRY(in.varint());
    item.answer.repairing = TRY(get_flag(in));
    return item;
}

Result<Item> get_offer(Decoder& in) {
    SnapshotOffer item;
    item.group = TRY(get_group(in));
    item.from = TRY(get_replica(in));
    item.to = TRY(get_replica(in));
    item.term = TRY(in.varint());
    item.transfer = TRY(in.varint());
    item.size = TRY(in.varint());
    item.crc = TRY(in.fixed<std::uint32_t>());
    item.mark = TRY(decode_mark(TRY(in.bytes(kMarkBytesMax))));
    return item;
}

Result<Item> get_want(Decoder& in) {
    SnapshotWant item;
    item.group = TRY(get_group(in));
    item.transfer = TRY(in.varint());
    item.offset = TRY(in.varint());
    return item;
}

Result<Item> get_chunk(Decoder& in) {
    SnapshotChunk item;
    item.group = TRY(get_group(in));
    item.transfer = TRY(in.varint());
    item.offset = TRY(in.varint());
    item.bytes = base::Bytes(TRY(in.bytes(kChunkBytesMax)));
    return item;
}

Result<Item> get_taken(Decoder& in) {
    SnapshotTaken item;
    item.group = TRY(get_group(in));
    item.replica = TRY(get_replica(in));
    item.transfer = TRY(in.varint());
    item.taken = TRY(get_flag(in));
    return item;
}

Result<Item> get_item(Decoder& in) {
    const auto kind = TRY(in.fixed<std::uint8_t>());
    switch (static_cast<ItemKind>(kind)) {
        case ItemKind::kMessage:
            return get_message(in);
        case ItemKind::kPulse:
            return get_pulse(in);
        case ItemKind::kPulseAnswer:
            return get_pulse_answer(in);
        case ItemKind::kRouse:
            return get_rouse(in);
        case ItemKind::kQuorumAsk:
            return get_quorum_ask(in);
        case ItemKind::kQuorumAnswer:
            return get_quorum_answer(in);
        case ItemKind::kOffer:
            return get_offer(in);
        case ItemKind::kWant:
            return get_want(in);
        case ItemKind::kChunk:
            return get_chunk(in);
        case ItemKind::kTaken:
            return get_taken(in);
    }
    return base::fail(Errc::kCorrupt, "an item of the unknown kind " + std::to_string(kind));
}

}  // namespace

void encode(GroupId group, const raft::Message& message, Encoder& out) {
    out.fixed(static_cast<std::uint8_t>(ItemKind::kMessage));
    out.varint(group.value);
    raft::encode(message, out);
}

void encode(const Item& item, Encoder& out) {
    out.fixed(static_cast<std::uint8_t>(item.index() + 1));
    std::visit([&out](const auto& what) { put(what, out); }, item);
}

Result<std::vector<Item>> decode_frame(base::ByteView frame) {
    Decoder in(frame);
    static_cast<void>(TRY(in.version(kFrameVersion)));
    std::vector<Item> items;
    while (!in.rest().empty()) {
        items.push_back(TRY(get_item(in)));
    }
    return items;
}

}  // namespace distkv::shard
