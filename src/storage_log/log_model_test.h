// What the shared log ought to hold: groups in plain maps, changed record by record.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "storage_log/log.h"

namespace distkv::storage_log::test {

struct ModelGroup {
    GroupLog::Cut cut;
    std::map<std::uint64_t, std::pair<std::uint64_t, base::Bytes>> entries;  // Term and body.
    HardState hard_state;
    std::map<std::uint64_t, base::Bytes> notes;

    bool operator==(const ModelGroup&) const = default;
    [[nodiscard]] std::uint64_t last() const {
        return entries.empty() ? cut.index : entries.rbegin()->first;
    }
};

class Model {
public:
    void apply(const Record& record) {
        ModelGroup& group = groups[record.group];
        switch (record.kind) {
            case RecordKind::kEntry:
                group.entries.erase(group.entries.lower_bound(record.index), group.entries.end());
                group.entries[record.index] = {record.term, record.body};
                break;
            case RecordKind::kTruncate:
                group.entries.erase(group.entries.lower_bound(record.index), group.entries.end());
                break;
            case RecordKind::kCut:
                group.cut = {record.index, record.term};
                group.entries.erase(group.entries.begin(), group.entries.upper_bound(record.index));
                break;
            case RecordKind::kHardState:
                group.hard_state = decode_hard_state(record).value();
                break;
            case RecordKind::kNote:
                group.notes[record.index] = record.body;
                std::erase_if(group.notes, [](const auto& each) { return each.second.empty(); });
                break;
            case RecordKind::kForget:
                groups.erase(record.group);
                return;
            case RecordKind::kCopy:
                break;
        }
        if (group == ModelGroup()) {
            groups.erase(record.group);
        }
    }

    std::map<GroupId, ModelGroup> groups;
};

// Where a group of the log is not what it should be; nothing when it is.
world::Task<std::optional<std::string>> difference(Log& log, GroupId id, const Model& model);

}  // namespace distkv::storage_log::test
