#include "distkv/store_files.h"

#include <filesystem>
#include <ostream>

#include "distkv/json.h"
#include "distkv/number_text.h"
#include "distkv/table.h"
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

}  // namespace

Exit run_store_verify(const StoreQuestion& question, const Output& output) {
    if (!is_store(question.directory)) {
        return no_store(question, output);
    }
    const std::vector<std::string> wrong = storage_rocksdb::verify(question.directory);
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
    if (question.json) {
        output.out << Json(Json::Object{{"stats", *text}}).line() << '\n';
    } else {
        output.out << *text << (text->ends_with('\n') ? "" : "\n");
    }
    return Exit::kFine;
}

}  // namespace distkv::distkv
