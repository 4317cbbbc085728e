#include "storage_log/log_model_test.h"

namespace distkv::storage_log::test {

using base::Errc;
using base::Result;
using world::Task;

namespace {

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

}  // namespace

Task<std::optional<std::string>> difference(Log& log, GroupId id, const Model& model) {
    const auto found = model.groups.find(id);
    const ModelGroup expected = found == model.groups.end() ? ModelGroup() : found->second;
    const GroupLog* group = log.find(id);
    const GroupLog nothing(id);
    if (group == nullptr) {
        group = &nothing;
    }
    const std::string who = "group " + to_string(id) + ": ";
    if (group->cut() != expected.cut) {
        co_return who + "cut at " + number(group->cut().index) + ", not " +
            number(expected.cut.index);
    }
    if (group->hard_state() != expected.hard_state) {
        co_return who + "hard state of term " + number(group->hard_state().term) + ", not " +
            number(expected.hard_state.term);
    }
    if (group->last() != expected.last()) {
        co_return who + "ends at " + number(group->last()) + ", not " + number(expected.last());
    }
    std::map<std::uint64_t, base::Bytes> notes;
    for (const std::uint64_t each : group->notes()) {
        notes[each] = *group->note(each);
    }
    if (notes != expected.notes) {
        co_return who + "notes differ";
    }
    for (const auto& [index, entry] : expected.entries) {
        const EntryPlace* const place = log.find(id)->entry(index);
        if (place == nullptr || place->term != entry.first) {
            co_return who + "entry " + number(index) + " has another term or is not there";
        }
        Result<std::vector<Record>> read = base::fail(Errc::kRetry, "");
        for (int attempt = 0; !read && attempt < 100; ++attempt) {
            read = co_await log.read(id, {index, index}, 1);
        }
        if (!read || read->front().body != entry.second) {
            co_return who + "the body of entry " + number(index) + " differs" +
                (read ? "" : ": " + to_string(read.error()));
        }
    }
    co_return std::nullopt;
}

}  // namespace distkv::storage_log::test
