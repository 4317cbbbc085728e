#include "distkv/budget.h"

#include <ostream>

#include "distkv/budget_file.h"
#include "distkv/json.h"
#include "distkv/number_text.h"
#include "distkv/read_file.h"
#include "distkv/table.h"

namespace distkv::distkv {
namespace {

using base::Result;

Result<time::ServiceTreeReport> check(const std::string& path) {
    const std::string text = TRY(read_config_file(path));
    const BudgetFile file = TRY(parse_budget(text, path));
    return TRY(time::check_services(file.root, file.options));
}

Tone tone_of(time::Compliance compliance) {
    switch (compliance) {
        case time::Compliance::kCompliant:
            return Tone::kGood;
        case time::Compliance::kTight:
            return Tone::kWarn;
        case time::Compliance::kImpossible:
            return Tone::kBad;
    }
    return Tone::kPlain;
}

void print_table(const time::ServiceTreeReport& report, const Output& output) {
    Table table({{"service"},
                 {"region"},
                 {"floor", Align::kRight},
                 {"processing", Align::kRight},
                 {"calls", Align::kRight},
                 {"required", Align::kRight},
                 {"buffer", Align::kRight},
                 {"timeout", Align::kRight},
                 {"verdict"}});
    for (const time::ServiceRow& row : report.rows) {
        table.row({std::string(2 * row.depth, ' ') + printable(row.name),
                   printable(row.region),
                   short_text(row.floor),
                   short_text(row.processing),
                   short_text(row.children),
                   short_text(row.required),
                   short_text(row.buffer),
                   short_text(row.timeout) + (row.timeout_given ? "" : "*"),
                   {std::string(time::name_of(row.compliance)), tone_of(row.compliance)}});
    }
    table.print(output.out, output.out_colours);
    output.out << "floor: light there and back; required = floor + processing + calls;\n"
                  "timeout: of whoever calls, * suggested because none was given\n";
}

void print_json(const time::ServiceTreeReport& report, const Output& output) {
    const auto ms = [](time::Duration duration) { return Json(time::to_millis(duration)); };
    Json::Array rows;
    for (const time::ServiceRow& row : report.rows) {
        rows.emplace_back(Json::Object{{"service", printable(row.name)},
                                       {"region", printable(row.region)},
                                       {"depth", static_cast<std::uint64_t>(row.depth)},
                                       {"floor_ms", ms(row.floor)},
                                       {"processing_ms", ms(row.processing)},
                                       {"calls_ms", ms(row.children)},
                                       {"required_ms", ms(row.required)},
                                       {"buffer_ms", ms(row.buffer)},
                                       {"suggested_ms", ms(row.suggested)},
                                       {"timeout_ms", ms(row.timeout)},
                                       {"timeout_given", row.timeout_given},
                                       {"verdict", time::name_of(row.compliance)},
                                       {"why", printable(row.why)}});
    }
    output.out << Json(Json::Object{{"verdict", time::name_of(report.compliance)},
                                    {"services", std::move(rows)}})
                      .line()
               << '\n';
}

}  // namespace

Exit run_budget(const PhysicsBudget& options, const Output& output) {
    const Result<time::ServiceTreeReport> report = check(options.file);
    if (!report) {
        return complain(output, Exit::kBadUsage, report.error().detail);
    }
    const bool fine = report->compliance == time::Compliance::kCompliant;
    if (options.json) {
        print_json(*report, output);
        return fine ? Exit::kFine : Exit::kRefused;
    }
    print_table(*report, output);
    for (const time::ServiceRow& row : report->rows) {
        if (!row.why.empty()) {
            output.out << '\n'
                       << painted(printable(row.name), tone_of(row.compliance), output.out_colours)
                       << ": " << printable(row.why) << '\n';
        }
    }
    output.out << '\n'
               << painted("verdict  ", Tone::kBold, output.out_colours)
               << painted(time::name_of(report->compliance), tone_of(report->compliance),
                          output.out_colours)
               << '\n';
    return fine ? Exit::kFine : Exit::kRefused;
}

}  // namespace distkv::distkv
