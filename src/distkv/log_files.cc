#include "distkv/log_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <sstream>

#include "distkv/json.h"
#include "distkv/number_text.h"
#include "distkv/table.h"
#include "storage_log/segments.h"

namespace distkv::distkv {
namespace {

namespace fs = std::filesystem;
using base::Errc;
using base::Result;
using storage_log::Inspection;

Result<std::string> read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    if (!file) {
        return base::fail(Errc::kInvalid, "cannot read " + path.string() +
                                              "; is it yours to read, and no longer written to?");
    }
    return std::move(bytes).str();
}

Result<std::vector<storage_log::SegmentBytes>> read_segments(const std::string& directory) {
    std::error_code error;
    const fs::path below = fs::path(directory) / "log";
    const fs::path folder = fs::is_directory(below, error) ? below : fs::path(directory);
    std::vector<storage_log::SegmentBytes> segments;
    for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
        if (const auto number = storage_log::segment_number(entry->path().filename().string())) {
            segments.push_back({*number, TRY(read_file(entry->path()))});
        }
    }
    if (segments.empty()) {
        return base::fail(Errc::kInvalid, "there is no log in " + directory +
                                              "; the data directory of a node, with a folder log "
                                              "in it, would be right");
    }
    std::ranges::sort(segments, {}, &storage_log::SegmentBytes::number);
    return segments;
}

std::string ranges_text(const std::vector<storage_log::IndexRange>& ranges) {
    std::string text;
    for (const auto& range : ranges) {
        text += (text.empty() ? "" : ", ") + std::to_string(range.first) +
                (range.last == range.first ? "" : " to " + std::to_string(range.last));
    }
    return text;
}

bool is_damaged(const Inspection& found) {
    return std::ranges::any_of(found.damage,
                               [](const auto& damage) { return !damage.all_named; }) ||
           std::ranges::any_of(found.groups,
                               [](const auto& each) { return !each.second.is_whole(); });
}

void print_groups(const Inspection& found, const Output& output) {
    Table table({{"group", Align::kRight},
                 {"first", Align::kRight},
                 {"last", Align::kRight},
                 {"term", Align::kRight},
                 {"vote", Align::kRight},
                 {"missing"}});
    for (const auto& [id, group] : found.groups) {
        std::string missing = ranges_text(group.holes());
        if (group.promises_lost()) {
            missing += std::string(missing.empty() ? "" : "; ") + "what it has promised";
        }
        table.row({to_string(id),
                   std::to_string(group.first()),
                   std::to_string(group.last()),
                   std::to_string(group.hard_state().term),
                   std::to_string(group.hard_state().vote),
                   {missing.empty() ? "-" : missing, missing.empty() ? Tone::kFaint : Tone::kBad}});
    }
    table.print(output.out, output.out_colours);
    output.out << '\n';
}

void print_verdict(const Inspection& found, const Output& output) {
    output.out << found.segments.size() << " segments, " << grouped(found.blocks) << " blocks, "
               << grouped(found.records) << " records\n";
    for (const auto& segment : found.segments) {
        if (segment.header_damaged) {
            output.out << "the header of segment " << segment.number
                       << " is damaged; its blocks say what is needed\n";
        }
    }
    if (found.tail_bytes > 0) {
        output.out << grouped(found.tail_bytes)
                   << " bytes at the end were never acknowledged; the next start cuts them\n";
    }
    for (const auto& damage : found.damage) {
        output.out << painted("damaged: ", Tone::kBad, output.out_colours)
                   << printable(to_string(damage)) << '\n';
    }
    const bool damaged = is_damaged(found);
    output.out << painted(damaged ? "the log has lost records that it had acknowledged; a replica "
                                    "gets them back from its peers"
                          : found.damage.empty() ? "the log is whole"
                                                 : "nothing that is still needed is damaged",
                          damaged ? Tone::kBad : Tone::kGood, output.out_colours)
               << '\n';
}

Json json_of(const Inspection& found) {
    Json::Array groups;
    for (const auto& [id, group] : found.groups) {
        Json::Array holes;
        for (const auto& hole : group.holes()) {
            holes.emplace_back(Json::Object{{"first", hole.first}, {"last", hole.last}});
        }
        groups.emplace_back(Json::Object{{"group", id.value},
                                         {"first", group.first()},
                                         {"last", group.last()},
                                         {"term", group.hard_state().term},
                                         {"vote", group.hard_state().vote},
                                         {"promises_lost", group.promises_lost()},
                                         {"missing", std::move(holes)}});
    }
    Json::Array damage;
    for (const auto& each : found.damage) {
        damage.emplace_back(printable(to_string(each)));
    }
    return Json::Object{{"whole", !is_damaged(found)},
                        {"segments", static_cast<std::uint64_t>(found.segments.size())},
                        {"blocks", found.blocks},
                        {"records", found.records},
                        {"tail_bytes", found.tail_bytes},
                        {"damage", std::move(damage)},
                        {"groups", std::move(groups)}};
}

using OnRecord = std::function<void(const storage_log::Scanner::Found&)>;

Result<Inspection> look(const LogQuestion& question, const OnRecord& on_record) {
    const auto segments = TRY(read_segments(question.directory));
    return storage_log::inspect(segments, on_record);
}

Json record_json(const storage_log::Scanner::Found& found) {
    return Json::Object{{"segment", found.at.segment},
                        {"offset", found.at.offset},
                        {"kind", name_of(found.record.kind)},
                        {"group", found.record.group.value},
                        {"index", found.record.index},
                        {"term", found.record.term},
                        {"bytes", static_cast<std::uint64_t>(found.record.body.size())}};
}

}  // namespace

Exit run_log_verify(const LogQuestion& question, const Output& output) {
    const auto found = look(question, [](const auto& /*record*/) {});
    if (!found) {
        return complain(output, Exit::kBadUsage, found.error().detail);
    }
    if (question.json) {
        output.out << json_of(*found).line() << '\n';
    } else {
        print_groups(*found, output);
        print_verdict(*found, output);
    }
    return is_damaged(*found) ? Exit::kRefused : Exit::kFine;
}

// A line a record, in the order of the log; bodies are the users' data, and stay out.
Exit run_log_dump(const LogQuestion& question, const Output& output) {
    const auto found = look(question, [&](const storage_log::Scanner::Found& each) {
        if (question.group && *question.group != each.record.group.value) {
            return;
        }
        if (question.json) {
            output.out << record_json(each).line() << '\n';
            return;
        }
        output.out << to_string(each.at) << ": group " << to_string(each.record.group) << ' '
                   << name_of(each.record.kind) << ' ' << each.record.index << " term "
                   << each.record.term << ", " << each.record.body.size() << " bytes\n";
    });
    if (!found) {
        return complain(output, Exit::kBadUsage, found.error().detail);
    }
    if (question.json) {
        output.out << json_of(*found).line() << '\n';
    } else {
        print_verdict(*found, output);
    }
    return is_damaged(*found) ? Exit::kRefused : Exit::kFine;
}

}  // namespace distkv::distkv
