#include "storage/inspect.h"

#include <utility>

#include "crdt/summary.h"
#include "storage/applied_mark.h"
#include "storage/threshold.h"
#include "storage/version_walk.h"

namespace distkv::storage {

using base::ByteView;
using base::Errc;
using base::fail;
using base::Result;

namespace {

constexpr std::size_t kOwnKeyBytes = 4 + 1 + 8;
constexpr std::size_t kShownBytes = 48;

std::string shown(ByteView key) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (const char byte : key.substr(0, kShownBytes)) {
        out += kDigits[static_cast<unsigned char>(byte) >> 4U];
        out += kDigits[static_cast<unsigned char>(byte) & 15U];
    }
    return key.size() > kShownBytes ? out + "... (" + std::to_string(key.size()) + " bytes)" : out;
}

}  // namespace

void Inspection::row(ByteView key, ByteView value) {
    if (const Result<void> fine = look(key, value); !fine) {
        ++problems_found_;
        if (problems_.size() < kProblemsMax) {
            problems_.push_back("row " + shown(key) + ": " + fine.error().detail);
        }
    }
}

Result<void> Inspection::look(ByteView key, ByteView value) {
    if (key.starts_with(ByteView("\0\0\0\0", 4))) {
        return own_record(key, value);
    }
    VersionKey name = TRY(decode_version_key(key));
    KeyspaceCensus& census = keyspaces_[name.name.keyspace.value];
    census.bytes += key.size() + value.size();
    const bool same_key = last_ && last_->name == name.name;
    census.keys += same_key ? 0 : 1;
    const bool same_cell = same_key && last_->field == name.field;
    last_ = name;
    if (name.is_summary()) {
        ++census.summaries;
        static_cast<void>(TRY(crdt::decode_summary(value)));
        return {};
    }
    if (name.section == Section::kIntent) {
        ++census.intents;
        return {};
    }
    census.cells += same_cell ? 0 : 1;
    return version(std::move(name), value, census);
}

Result<void> Inspection::version(VersionKey key, ByteView value, KeyspaceCensus& census) {
    ++census.versions;
    const crdt::Effect effect = TRY(decode_effect(std::move(key), value));
    census.gone += effect.cell.kind == crdt::Kind::kGone ? 1 : 0;
    return {};
}

Result<void> Inspection::own_record(ByteView key, ByteView value) {
    if (key.size() != kOwnKeyBytes) {
        return fail(Errc::kCorrupt, "a record of the store's own with a name of another length");
    }
    std::uint64_t id = 0;
    for (const char byte : key.substr(5)) {
        id = id << 8U | static_cast<unsigned char>(byte);
    }
    if (key == applied_key({id})) {
        applied_[id] = TRY(decode_mark(value)).value;
        return {};
    }
    if (key == threshold_key({id})) {
        collected_[id] = TRY(decode_threshold(value));
        return {};
    }
    return fail(Errc::kCorrupt, "a record of the store's own of an unknown kind");
}

}  // namespace distkv::storage
