#include "storage/version_key.h"

#include <concepts>
#include <utility>

#include "base/check.h"

namespace distkv::storage {

using base::Bytes;
using base::ByteView;
using base::Errc;
using base::fail;
using base::Result;
using crdt::Field;
using crdt::Tag;
using model::KeyName;
using model::Origin;

namespace {

template <std::unsigned_integral T>
void put_big_endian(Bytes& out, T value) {
    for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) {
        out += static_cast<char>(static_cast<std::uint8_t>(value >> shift));
    }
}

void put_escaped(Bytes& out, ByteView bytes) {
    for (std::size_t zero = 0; (zero = bytes.find('\0')) != ByteView::npos;) {
        out.append(bytes.substr(0, zero)).append("\x00\xff", 2);
        bytes.remove_prefix(zero + 1);
    }
    out.append(bytes).append(2, '\0');
}

void put_origin(Bytes& out, const Origin& origin, std::uint8_t flip) {
    const auto mask = static_cast<std::uint32_t>(flip) * 0x01010101U;
    put_big_endian(out, static_cast<std::uint16_t>(origin.region.value ^ mask));
    put_big_endian(out, static_cast<std::uint32_t>(origin.incarnation ^ mask));
}

void put_field(Bytes& out, const Field& field) {
    out += static_cast<char>(field.tag);
    if (crdt::has_element(field.tag)) {
        put_escaped(out, field.element);
    }
    if (!crdt::is_shared(field.tag)) {
        put_origin(out, field.owner, 0);
    }
}

// Reads what the functions above wrote.
class Reader {
public:
    explicit Reader(ByteView bytes) : left_(bytes) {}

    template <std::unsigned_integral T>
    Result<T> big_endian() {
        if (left_.size() < sizeof(T)) {
            return bad();
        }
        T value = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            value = static_cast<T>(value << 8U | static_cast<std::uint8_t>(left_[i]));
        }
        left_.remove_prefix(sizeof(T));
        return value;
    }

    Result<Bytes> escaped() {
        Bytes out;
        for (;;) {
            const std::size_t zero = left_.find('\0');
            if (zero == ByteView::npos || zero + 1 == left_.size()) {
                return bad();
            }
            out.append(left_.substr(0, zero));
            const char next = left_[zero + 1];
            left_.remove_prefix(zero + 2);
            if (next == '\0') {
                return out;
            }
            if (next != '\xff') {
                return bad();
            }
            out += '\0';
        }
    }

    Result<void> skip_escaped() {
        for (;;) {
            const std::size_t zero = left_.find('\0');
            if (zero == ByteView::npos || zero + 1 == left_.size()) {
                return bad();
            }
            const char next = left_[zero + 1];
            left_.remove_prefix(zero + 2);
            if (next == '\0') {
                return {};
            }
        }
    }

    Result<Origin> origin(std::uint8_t flip) {
        const auto mask = static_cast<std::uint32_t>(flip) * 0x01010101U;
        const auto region = static_cast<std::uint16_t>(TRY(big_endian<std::uint16_t>()) ^ mask);
        const std::uint32_t incarnation = TRY(big_endian<std::uint32_t>()) ^ mask;
        return Origin{{region}, incarnation};
    }

    Result<Tag> tag() {
        const auto tag = static_cast<Tag>(TRY(big_endian<std::uint8_t>()));
        return crdt::is_known(tag) ? Result<Tag>(tag) : bad();
    }

    [[nodiscard]] std::size_t left() const { return left_.size(); }

    static std::unexpected<base::Error> bad() {
        return fail(Errc::kCorrupt, "a name in the store that is no version's");
    }

private:
    ByteView left_;
};

}  // namespace

Bytes keyspace_prefix(model::KeyspaceId keyspace) {
    CHECK(keyspace.value >= 1 && keyspace.value <= model::kKeyspaceIdMax);
    Bytes out;
    put_big_endian(out, static_cast<std::uint32_t>(keyspace.value));
    return out;
}

Bytes slot_prefix(model::KeyspaceId keyspace, model::SlotId slot) {
    Bytes out = keyspace_prefix(keyspace);
    put_big_endian(out, static_cast<std::uint16_t>(slot.value));
    return out;
}

Bytes key_prefix(const KeyName& name) {
    Bytes out;
    out.reserve(name.key.size() + 48);  // With what follows it in a version's name.
    CHECK(name.keyspace.value >= 1 && name.keyspace.value <= model::kKeyspaceIdMax);
    put_big_endian(out, static_cast<std::uint32_t>(name.keyspace.value));
    put_big_endian(out, static_cast<std::uint16_t>(name.slot.value));
    put_escaped(out, name.key);
    return out;
}

Bytes tag_prefix(const KeyName& name, Tag tag) {
    Bytes out = key_prefix(name);
    out += static_cast<char>(tag);
    return out;
}

Bytes element_prefix(const KeyName& name, Tag tag, ByteView element) {
    Bytes out = tag_prefix(name, tag);
    if (crdt::has_element(tag)) {
        put_escaped(out, element);
    }
    return out;
}

Bytes field_prefix(const KeyName& name, const Field& field) {
    Bytes out = key_prefix(name);
    put_field(out, field);
    return out;
}

Bytes version_key(const KeyName& name, const Field& field, const model::Dot& dot) {
    Bytes out = field_prefix(name, field);
    out += static_cast<char>(Section::kVersion);
    put_big_endian(out, ~dot.hlc.word);
    if (crdt::is_shared(field.tag)) {
        put_origin(out, dot.origin, 0xff);
    } else {
        CHECK(dot.origin == field.owner, "a version of another origin than its field's owner");
    }
    return out;
}

Bytes intent_key(const KeyName& name, const Field& field) {
    Bytes out = field_prefix(name, field);
    out += static_cast<char>(Section::kIntent);
    return out;
}

Bytes summary_key(const KeyName& name) {
    return tag_prefix(name, Tag::kSummary);
}

Result<VersionKey> decode_version_key(ByteView bytes) {
    Reader in(bytes);
    VersionKey key;
    key.name.keyspace.value = TRY(in.big_endian<std::uint32_t>());
    key.name.slot.value = TRY(in.big_endian<std::uint16_t>());
    key.name.key = TRY(in.escaped());
    key.field.tag = TRY(in.tag());
    if (key.name.keyspace.value == 0 || key.name.slot.value >= model::kSlots) {
        return Reader::bad();
    }
    if (key.is_summary()) {
        return in.left() == 0 ? Result<VersionKey>(std::move(key)) : Reader::bad();
    }
    if (crdt::has_element(key.field.tag)) {
        key.field.element = TRY(in.escaped());
    }
    if (!crdt::is_shared(key.field.tag)) {
        key.field.owner = TRY(in.origin(0));
    }
    const std::uint8_t section = TRY(in.big_endian<std::uint8_t>());
    key.section = static_cast<Section>(section);
    if (key.section == Section::kVersion) {
        key.dot.hlc.word = ~TRY(in.big_endian<std::uint64_t>());
        key.dot.origin = crdt::is_shared(key.field.tag) ? TRY(in.origin(0xff)) : key.field.owner;
    } else if (key.section != Section::kIntent) {
        return Reader::bad();
    }
    return in.left() == 0 ? Result<VersionKey>(std::move(key)) : Reader::bad();
}

Result<std::optional<model::Dot>> decode_register_suffix(ByteView suffix) {
    Reader in(suffix);
    const auto section = static_cast<Section>(TRY(in.big_endian<std::uint8_t>()));
    if (section == Section::kIntent && in.left() == 0) {
        return std::optional<model::Dot>();
    }
    model::Dot dot;
    dot.hlc.word = ~TRY(in.big_endian<std::uint64_t>());
    dot.origin = TRY(in.origin(0xff));
    if (section != Section::kVersion || in.left() != 0) {
        return Reader::bad();
    }
    return std::optional(dot);
}

Result<Extents> extents_of(ByteView bytes) {
    Reader in(bytes);
    static_cast<void>(TRY(in.big_endian<std::uint32_t>()));
    static_cast<void>(TRY(in.big_endian<std::uint16_t>()));
    TRY(in.skip_escaped());
    Extents extents{.key = bytes.size() - in.left()};
    const Tag tag = TRY(in.tag());
    if (tag != Tag::kSummary && crdt::has_element(tag)) {
        TRY(in.skip_escaped());
    }
    if (tag != Tag::kSummary && !crdt::is_shared(tag)) {
        static_cast<void>(TRY(in.origin(0)));
    }
    extents.field = bytes.size() - in.left();
    return extents;
}

Bytes versions_from(ByteView field_prefix, time::Hlc stamp) {
    Bytes out(field_prefix);
    out += static_cast<char>(Section::kVersion);
    put_big_endian(out, ~stamp.word);
    return out;
}

Bytes behind(Bytes prefix) {
    while (!prefix.empty() && prefix.back() == '\xff') {
        prefix.pop_back();
    }
    CHECK(!prefix.empty(), "there is something behind every prefix that is not all ff");
    prefix.back() = static_cast<char>(static_cast<std::uint8_t>(prefix.back()) + 1);
    return prefix;
}

Range everything_below(Bytes prefix) {
    Range range{.from = std::move(prefix)};
    range.until = behind(range.from);
    return range;
}

Range slots(model::KeyspaceId keyspace, model::SlotRange range) {
    CHECK(range.from <= range.until && range.until.value <= model::kSlots);
    return {slot_prefix(keyspace, range.from), slot_prefix(keyspace, range.until)};
}

namespace {

Bytes own_key(std::uint8_t kind, std::uint64_t id) {
    Bytes out(4, '\0');
    out += static_cast<char>(kind);
    put_big_endian(out, id);
    return out;
}

}  // namespace

Bytes applied_key(GroupId group) {
    return own_key(1, group.value);
}

Bytes threshold_key(ShardId shard) {
    return own_key(2, shard.value);
}

}  // namespace distkv::storage
