#include "distkv/store_files.h"

#include <filesystem>
#include <ostream>

#include "distkv/json.h"
#include "distkv/number_text.h"
#include "distkv/table.h"
#include "storage/inspect.h"
#include "storage_rocksdb/rocks_engine.h"

namespace distkv::distkv {
namespace {

// Also a damaged one: any file that only a store has.
bool is_store(const std::string& directory) {
    std::error_code error;
    for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name == "CURRENT" || name.starts_with("MANIFEST-") || name.ends_with(".sst")) {
            return true;
        }
    }
    return false;
}

Exit no_store(const StoreQuestion& question, const Output& output) {
    return complain(output, Exit::kBadUsage,
                    "there is no store in " + question.directory +
                        "; a directory with a file CURRENT would be right");
}

base::Result<storage::Inspection> inspect(const std::string& directory) {
    storage::Inspection inspection;
    TRY(storage_rocksdb::for_each_entry(
        directory, [&](base::ByteView key, base::ByteView value) { inspection.row(key, value); }));
    return inspection;
}

// Of files whose checksums are right: rows that no version of the program writes.
std::vector<std::string> wrong_rows(const std::string& directory) {
    const auto inspection = inspect(directory);
    if (!inspection) {
        return {inspection.error().detail};
    }
    std::vector<std::string> wrong = inspection->problems();
    if (inspection->problems_found() > wrong.size()) {
        wrong.push_back("and " + std::to_string(inspection->problems_found() - wrong.size()) +
                        " more");
    }
    return wrong;
}

void print_census(const storage::Inspection& inspection, const Output& output) {
    Table table({{"keyspace", Align::kRight},
                 {"keys", Align::kRight},
                 {"cells", Align::kRight},
                 {"versions", Align::kRight},
                 {"gone", Align::kRight},
                 {"intents", Align::kRight},
                 {"bytes", Align::kRight}});
    for (const auto& [id, census] : inspection.keyspaces()) {
        table.row({std::to_string(id), std::to_string(census.keys), std::to_string(census.cells),
                   std::to_string(census.versions), std::to_string(census.gone),
                   std::to_string(census.intents), std::to_string(census.bytes)});
    }
    if (!table.empty()) {
        output.out << '\n';
        table.print(output.out, output.out_colours);
    }
    for (const auto& [group, index] : inspection.applied()) {
        output.out << "group " << group << " applied up to " << index << '\n';
    }
    for (const auto& [shard, collected] : inspection.collected()) {
        output.out << "shard " << shard << " keeps the past from " << to_string(collected) << '\n';
    }
    if (inspection.problems_found() > 0) {
        output.out << inspection.problems_found()
                   << " rows cannot be read; distkv store verify names them\n";
    }
}

Json census_json(const storage::Inspection& inspection) {
    Json::Array keyspaces;
    for (const auto& [id, census] : inspection.keyspaces()) {
        keyspaces.push_back(Json(Json::Object{{"keyspace", id},
                                              {"keys", census.keys},
                                              {"cells", census.cells},
                                              {"versions", census.versions},
                                              {"gone", census.gone},
                                              {"intents", census.intents},
                                              {"bytes", census.bytes}}));
    }
    return Json(std::move(keyspaces));
}

}  // namespace

Exit run_store_verify(const StoreQuestion& question, const Output& output) {
    if (!is_store(question.directory)) {
        return no_store(question, output);
    }
    std::vector<std::string> wrong = storage_rocksdb::verify(question.directory);
    if (wrong.empty()) {
        wrong = wrong_rows(question.directory);
    }
    if (question.json) {
        output.out << Json(Json::Object{{"whole", wrong.empty()},
                                        {"damage", Json::Array(wrong.begin(), wrong.end())}})
                          .line()
                   << '\n';
    } else {
        for (const std::string& each : wrong) {
            output.out << painted("damaged: ", Tone::kBad, output.out_colours) << printable(each)
                       << '\n';
        }
        output.out << painted(wrong.empty() ? "the store is whole"
                                            : "the store is damaged; a replica is made anew from "
                                              "its peers",
                              wrong.empty() ? Tone::kGood : Tone::kBad, output.out_colours)
                   << '\n';
    }
    return wrong.empty() ? Exit::kFine : Exit::kRefused;
}

Exit run_store_stats(const StoreQuestion& question, const Output& output) {
    if (!is_store(question.directory)) {
        return no_store(question, output);
    }
    const auto text = storage_rocksdb::describe(question.directory);
    if (!text) {
        return complain(output, Exit::kRefused, text.error().detail);
    }
    const auto inspection = inspect(question.directory);
    if (!inspection) {
        return complain(output, Exit::kRefused, inspection.error().detail);
    }
    if (question.json) {
        output.out << Json(Json::Object{{"stats", *text},
                                        {"keyspaces", census_json(*inspection)},
                                        {"unreadable_rows", inspection->problems_found()}})
                          .line()
                   << '\n';
    } else {
        output.out << *text << (text->ends_with('\n') ? "" : "\n");
        print_census(*inspection, output);
    }
    return Exit::kFine;
}

}  // namespace distkv::distkv
