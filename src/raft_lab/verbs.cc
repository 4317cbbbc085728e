// The verbs of the language, and how a line finds its own.
#include <algorithm>

#include "raft_lab/lab.h"

namespace distkv::raft_lab {

struct Lab::Verb {
    std::string_view name;
    Done (Lab::*run)(Words&);
    std::string_view usage;
};

std::span<const Lab::Verb> Lab::verbs() {
    static constexpr Verb kVerbs[] = {
        {"again", &Lab::again, "again n1 NUMBER"},
        {"apply", &Lab::apply, "apply n1"},
        {"campaign", &Lab::campaign, "campaign n1"},
        {"ceiling", &Lab::ceiling, "ceiling n1 STAMP"},
        {"change", &Lab::change,
         "change n1 [add ID...] [add-learner ID...] [remove ID...] [regions-min N] [joint] [stay]"},
        {"compact", &Lab::compact, "compact n1 INDEX"},
        {"contact", &Lab::contact, "contact n1 n2"},
        {"copy", &Lab::copy, "copy n1->n2 [KIND] [COUNT|last]"},
        {"cores", &Lab::cores, "cores COUNT"},
        {"crash", &Lab::crash, "crash n1 [WRITES]"},
        {"cut", &Lab::cut, "cut n1->n2"},
        {"damage", &Lab::damage, "damage n1 FIRST [LAST]"},
        {"deliver", &Lab::deliver, "deliver n1->n2 [KIND] [COUNT|last], or deliver all"},
        {"drop", &Lab::drop, "drop n1->n2 [KIND] [COUNT|last], or drop all"},
        {"elect", &Lab::elect, "elect n1"},
        {"forget", &Lab::forget, "forget n1"},
        {"heal", &Lab::heal, "heal"},
        {"hold", &Lab::hold, "hold n1"},
        {"hold-apply", &Lab::hold_apply, "hold-apply n1"},
        {"lose-disk", &Lab::lose_disk, "lose-disk n1"},
        {"mail", &Lab::mail, "mail"},
        {"partition", &Lab::partition, "partition 1 | 2 3"},
        {"persist", &Lab::persist, "persist n1 [COUNT]"},
        {"propose", &Lab::propose, "propose n1 TEXT"},
        {"read", &Lab::read, "read n1 [lease|index|quorum]"},
        {"refuse", &Lab::refuse, "refuse n1"},
        {"release", &Lab::release, "release n1"},
        {"restart", &Lab::restart, "restart n1"},
        {"run", &Lab::run_for, "run TIMES"},
        {"set", &Lab::set, "set NAME VALUE"},
        {"sleep", &Lab::sleep, "sleep n1"},
        {"tick", &Lab::tick, "tick n1 [TIMES], or tick all [TIMES]"},
        {"transfer", &Lab::transfer, "transfer n1 n2"},
        {"voters", &Lab::voters, "voters ID... [learners ID...] [witnesses ID...] [regions-min N]"},
        {"wait", &Lab::wait, "wait TIMES"},
        {"wake", &Lab::wake, "wake n1"},
    };
    return kVerbs;
}

std::vector<std::string_view> Lab::verb_names() {
    std::vector<std::string_view> names;
    for (const Verb& verb : verbs()) {
        names.push_back(verb.name);
    }
    return names;
}

base::Result<void> Lab::run(std::string_view line) {
    if (line.size() > kLineBytesMax) {
        return wrong("the line is too long", "up to " + std::to_string(kLineBytesMax) + " bytes");
    }
    Words words(line);
    if (says_nothing(line)) {
        return {};
    }
    const std::size_t told_before = trace_.size();
    const bool quiet = words.take("quiet");
    const std::string_view name = words.next();
    const std::span<const Verb> known = verbs();
    const auto verb = std::ranges::find(known, name, &Verb::name);
    if (verb == known.end()) {
        const std::vector<std::string_view> names = verb_names();
        const std::string_view near = nearest(name, names);
        return wrong("there is no verb " + in_quotes(name),
                     near.empty() ? "a verb like cores, tick, campaign, propose or deliver"
                                  : "'" + std::string(near) + "'");
    }
    if (Done done = (this->*verb->run)(words); !done) {
        return base::fail(base::Errc::kInvalid,
                          done.error().detail + " (" + std::string(verb->usage) + ")");
    }
    if (net_.size() > kLettersMax) {
        return wrong("more than " + std::to_string(kLettersMax) + " messages are under way",
                     "to deliver or drop some now and then");
    }
    if (quiet) {
        trace_.resize(told_before);
    }
    return {};
}

}  // namespace distkv::raft_lab
