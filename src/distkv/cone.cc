#include "distkv/cone.h"

#include <ostream>

#include "distkv/arguments.h"
#include "distkv/json.h"
#include "distkv/moment_text.h"
#include "distkv/number_text.h"
#include "distkv/table.h"
#include "time/duration_text.h"
#include "time/hlc.h"
#include "time/light.h"

namespace distkv::distkv {
namespace {

using base::Errc;
using base::fail;
using base::Result;

struct NamedEvent {
    std::string place;
    time::Event event;
};

Result<NamedEvent> parse_event(const std::string& text) {
    const std::size_t at = text.find('@');
    if (at == std::string::npos) {
        return fail(Errc::kInvalid, in_quotes(text) +
                                        " is no event; us-east@2026-11-20T10:15:00Z±5ms would be "
                                        "right");
    }
    const std::string place = text.substr(0, at);
    return NamedEvent{printable(place),
                      {TRY(time::locate(place)), TRY(parse_moment(text.substr(at + 1)))}};
}

std::string meaning(const time::ConeVerdict& verdict) {
    if (verdict.cone == time::Cone::kSpacelike) {
        return "neither can have influenced the other";
    }
    if (verdict.cone == time::Cone::kUnknown) {
        return "the times are not known well enough to say";
    }
    return verdict.first == 0
               ? "one may have influenced the other, which came first is not known"
               : std::string("the ") + (verdict.first < 0 ? "first" : "second") +
                     " may have influenced the " + (verdict.first < 0 ? "second" : "first");
}

Tone tone_of(time::Cone cone) {
    return cone == time::Cone::kUnknown ? Tone::kWarn : Tone::kGood;
}

void print(const NamedEvent& a, const NamedEvent& b, const time::ConeVerdict& verdict,
           const Output& output) {
    Table table({{"event"}, {"place"}, {"earliest"}, {"latest"}});
    for (const auto& [name, named] : {std::pair("first", &a), std::pair("second", &b)}) {
        table.row({name, named->place, time::to_string(named->event.when.earliest),
                   time::to_string(named->event.when.latest)});
    }
    table.print(output.out, output.out_colours);
    output.out << "\ndistance  " << kilometres(verdict.distance_metres) << "\nlight     "
               << short_text(verdict.light) << " in fibre\napart     "
               << time::to_text(verdict.apart_min) << " to " << time::to_text(verdict.apart_max)
               << "\n\n"
               << verdict.arithmetic << '\n'
               << painted("verdict   ", Tone::kBold, output.out_colours)
               << painted(time::name_of(verdict.cone), tone_of(verdict.cone), output.out_colours)
               << ": " << meaning(verdict) << '\n';
}

void print_json(const time::ConeVerdict& verdict, const Output& output) {
    output.out << Json(Json::Object{{"verdict", time::name_of(verdict.cone)},
                                    {"first", std::int64_t{verdict.first}},
                                    {"kilometres", verdict.distance_metres / 1000},
                                    {"light_ms", time::to_millis(verdict.light)},
                                    {"apart_min_ms", time::to_millis(verdict.apart_min)},
                                    {"apart_max_ms", time::to_millis(verdict.apart_max)},
                                    {"arithmetic", verdict.arithmetic}})
                      .line()
               << '\n';
}

}  // namespace

Exit run_cone(const PhysicsCone& options, const Output& output) {
    const Result<NamedEvent> a = parse_event(options.a);
    const Result<NamedEvent> b = parse_event(options.b);
    if (!a || !b) {
        return complain(output, Exit::kBadUsage, (a ? b : a).error().detail);
    }
    const time::ConeVerdict verdict = time::light_cone(a->event, b->event);
    if (options.json) {
        print_json(verdict, output);
    } else {
        print(*a, *b, verdict, output);
    }
    return Exit::kFine;
}

}  // namespace distkv::distkv
