#include "tests/engine/random_history_compare.h"

#include "tests/engine/random_history_churn.h"
#include "tests/engine/random_history_export.h"
#include "tests/engine/random_history_questions.h"
#include "tests/engine/record_twin.h"

namespace kundig::engine {

namespace {

void CompareState(std::string_view where, const StateName& model, const StateName& engine,
                  Differences* differences) {
  differences->Same(where, "journal_sequence", model.journal_sequence, engine.journal_sequence);
  differences->Same(where, "as_of", model.as_of, engine.as_of);
  differences->Same(where, "rules_version", model.rules_version, engine.rules_version);
  differences->Same(where, "fit_version", model.fit_version, engine.fit_version);
  differences->Same(where, "ranking_version is not of the future", true,
                    engine.ranking_version <= engine.journal_sequence);
}

// True where both answered; an error must be the same error.
template <typename T>
bool BothAnswered(const std::string& where, const Result<T>& model, const Result<T>& engine,
                  Differences* differences) {
  differences->Same(where, "answered", model.has_value(), engine.has_value());
  if (model.has_value() && engine.has_value()) return true;
  if (model.has_error() && engine.has_error()) {
    differences->Same(where, "error", model.error().code, engine.error().code);
  }
  return false;
}

void CompareExplain(std::string_view id, const ExplainAnswer& model, const ExplainAnswer& engine,
                    Differences* differences) {
  const std::string where = "explain " + std::string(id);
  CompareState(where, model.state, engine.state, differences);
  const auto same = [&](std::string_view what, const auto& a, const auto& b) {
    differences->Same(where, what, a, b);
  };
  same("found", model.found, engine.found);
  if (!model.found || !engine.found) return;
  same("value_class", model.value_class, engine.value_class);
  same("value_score", model.value_score_thousandths, engine.value_score_thousandths);
  same("decided_by", model.decided_by, engine.decided_by);
  same("rule_index", model.rule_index, engine.rule_index);
  same("next_class", model.next_class, engine.next_class);
  same("distance", model.distance_thousandths, engine.distance_thousandths);
  same("hidden_potential", model.hidden_potential, engine.hidden_potential);
  same("potential_index", model.potential_index, engine.potential_index);
  same("criteria", model.criteria.size(), engine.criteria.size());
  if (model.criteria.size() != engine.criteria.size()) return;
  for (size_t i = 0; i < model.criteria.size(); ++i) {
    const ExplainedCriterion& a = model.criteria[i];
    const ExplainedCriterion& b = engine.criteria[i];
    const std::string prefix = "criterion[" + std::to_string(i) + "].";
    same(prefix + "field", a.field, b.field);
    same(prefix + "value", a.value, b.value);
    same(prefix + "points", a.points, b.points);
    same(prefix + "weight", a.weight, b.weight);
    same(prefix + "share", a.share_thousandths, b.share_thousandths);
  }
}

void AskProfiles(const ModelBook& model, const Book& engine, bool with_rankings,
                 Differences* differences) {
  const std::vector<std::string_view> ids = IdsToAsk(model);
  ProfilesAnswer expected, got;
  model.Profiles(ids, &expected);
  engine.Profiles(ids, &got);
  CompareState("profiles", expected.state, got.state, differences);
  differences->Same("profiles", "number", expected.profiles.size(), got.profiles.size());
  for (size_t i = 0; i < std::min(expected.profiles.size(), got.profiles.size()); ++i) {
    const std::string where = "profile " + std::string(ids[i]);
    CompareProfile(where, expected.profiles[i], got.profiles[i], with_rankings, differences);
  }
}

void AskCount(const ModelBook& model, Book* engine, const std::string& expression,
              Differences* differences) {
  const Result<CountAnswer> expected = model.Count(expression);
  const Result<CountAnswer> got = engine->Count(expression);
  const std::string where = "count where " + expression;
  if (!BothAnswered(where, expected, got, differences)) return;
  CompareCount(where, *expected, *got, differences);
}

void AskPhases(const ModelBook& model, Book* engine, const std::string& expression,
               Differences* differences) {
  const Result<PhasesAnswer> expected = model.Phases(expression);
  const Result<PhasesAnswer> got = engine->Phases(expression);
  const std::string where = "phases where " + expression;
  if (!BothAnswered(where, expected, got, differences)) return;
  CompareState(where, expected->state, got->state, differences);
  const auto rows = [](const PhasesAnswer& answer) {
    std::vector<std::string> all;
    const auto add = [&](const PhasesAnswer::Group& group) {
      all.push_back(Show(group.customers) + " " + Show(group.revenue) + " " +
                    Show(group.revenue_total) + " " + Show(group.clv));
    };
    for (const PhasesAnswer::Group& group : answer.phases) add(group);
    for (const PhasesAnswer::Group& group : answer.risks) add(group);
    add(answer.at_risk);
    return all;
  };
  differences->Same(where, "phases and risks", rows(*expected), rows(*got));
}

// The whole list, and the same list page by page.
void AskList(const ModelBook& model, Book* engine, ListQuery query, uint32_t page_rows,
             Differences* differences) {
  const std::string where = std::string(query.reactivation ? "reactivation" : "list") +
                            (query.early_warning ? " with early warning" : "") +
                            (query.need_consent ? " with consent" : "") + " of " +
                            Show(query.activities) + " where " + query.where + " by " +
                            query.order_by + (query.descending ? " desc" : " asc");
  const Result<ListAnswer> expected = model.List(query);
  const Result<ListAnswer> got = engine->List(query);
  if (!BothAnswered(where, expected, got, differences)) return;
  CompareList(where, *expected, *got, differences);
  if (!differences->empty()) return;

  ListAnswer joined = *expected;
  for (ListColumn& column : joined.columns) {
    column.numbers.clear();
    column.texts.clear();
    column.absent.clear();
  }
  joined.rows = 0;
  query.limit = page_rows;
  std::vector<ListAnswer> pages;  // texts of `joined` point into them
  pages.reserve(expected->rows / page_rows + 2);
  do {
    Result<ListAnswer> page = engine->List(query);
    differences->Same(where, "page answered", true, page.has_value());
    if (page.has_error() || pages.size() > expected->rows / page_rows) break;
    pages.push_back(std::move(*page));
    const ListAnswer& last = pages.back();
    differences->Same(where, "total on a page", expected->total_customers, last.total_customers);
    differences->Same(where, "revenue on a page", expected->total_revenue, last.total_revenue);
    joined.rows += last.rows;
    joined.next = last.next;
    for (size_t i = 0; i < std::min(joined.columns.size(), last.columns.size()); ++i) {
      const auto append = [](auto* to, const auto& from) {
        to->insert(to->end(), from.begin(), from.end());
      };
      append(&joined.columns[i].numbers, last.columns[i].numbers);
      append(&joined.columns[i].texts, last.columns[i].texts);
      append(&joined.columns[i].absent, last.columns[i].absent);
    }
    query.cursor = last.next.value_or("");
  } while (!query.cursor.empty());
  CompareList(where + " in pages of " + std::to_string(page_rows), *expected, joined, differences);
}

void AskPipeline(const ModelBook& model, Book* engine, const PipelineQuery& query,
                 Differences* differences) {
  const std::string where = "pipeline by " + Show(query.by) + " closed by " +
                            Show(query.closed_by) + " as of " + Show(query.as_of) + " where " +
                            query.where;
  const Result<PipelineAnswer> expected = model.Pipeline(query);
  const Result<PipelineAnswer> got = engine->Pipeline(query);
  if (!BothAnswered(where, expected, got, differences)) return;
  ComparePipeline(where, *expected, *got, differences);
}

void AskWaterfall(const ModelBook& model, Book* engine, const WaterfallQuery& query,
                  Differences* differences) {
  const std::string where =
      "waterfall from " + Show(query.from) + " to " + Show(query.to) + " where " + query.where;
  const Result<WaterfallAnswer> expected = model.Waterfall(query);
  const Result<WaterfallAnswer> got = engine->Waterfall(query);
  if (!BothAnswered(where, expected, got, differences)) return;
  const auto rows = [](const WaterfallAnswer& answer) {
    std::vector<std::string> all;
    for (const WaterfallAnswer::Total* total : {&answer.opening, &answer.closing}) {
      all.push_back(Show(total->leads) + " " + Show(total->revenue) + " " + Show(total->weighted));
    }
    for (const WaterfallAnswer::Part& part : answer.parts) {
      all.push_back(Show(part.leads) + " " + Show(part.revenue) + " " + Show(part.weighted));
    }
    return all;
  };
  differences->Same(where, "parts", rows(*expected), rows(*got));
}

void AskConversion(const ModelBook& model, Book* engine, const ConversionQuery& query,
                   Differences* differences) {
  const std::string where =
      "conversion from " + Show(query.from) + " to " + Show(query.to) + " where " + query.where;
  const Result<ConversionAnswer> expected = model.Conversion(query);
  const Result<ConversionAnswer> got = engine->Conversion(query);
  if (!BothAnswered(where, expected, got, differences)) return;
  const auto rows = [](const ConversionAnswer& answer) {
    std::vector<std::string> all;
    for (const ConversionAnswer::Stage& stage : answer.stages) {
      std::string& row = all.emplace_back(Show(stage.leads));
      for (const ConversionAnswer::Step& step : stage.to) {
        row += ", " + Show(step.leads) + " in " + Show(step.median_days);
      }
    }
    return all;
  };
  differences->Same(where, "stages", rows(*expected), rows(*got));
}

}  // namespace

void CompareRfm(const RfmAnswer& model, const RfmAnswer& engine, Differences* differences) {
  CompareState("rfm", model.state, engine.state, differences);
  differences->Same("rfm", "population", model.population, engine.population);
  differences->Same("rfm", "cuts", model.cuts.has_value(), engine.cuts.has_value());
  if (model.cuts && engine.cuts) {
    differences->Same("rfm", "recency cuts", model.cuts->recency_days, engine.cuts->recency_days);
    differences->Same("rfm", "frequency cuts", model.cuts->frequency, engine.cuts->frequency);
    differences->Same("rfm", "monetary cuts", model.cuts->monetary, engine.cuts->monetary);
  }
  const auto cells = [](const RfmAnswer& answer) {
    std::vector<std::vector<int64_t>> rows;
    for (const RfmAnswer::Cell& cell : answer.cells) {
      rows.push_back({cell.r, cell.f, cell.m, static_cast<int64_t>(cell.customers),
                      static_cast<int64_t>(cell.orders), cell.revenue.units});
    }
    return rows;
  };
  differences->Same("rfm", "cells", cells(model), cells(engine));
  const auto segments = [](const RfmAnswer& answer) {
    std::vector<std::string> rows;
    for (const RfmAnswer::Segment& segment : answer.segments) {
      rows.push_back(std::string(segment.name) + " " + std::to_string(segment.customers) + " " +
                     std::to_string(segment.orders) + " " + Show(segment.revenue));
    }
    return rows;
  };
  differences->Same("rfm", "segments", segments(model), segments(engine));
}

void CompareAbc(const AbcAnswer& model, const AbcAnswer& engine, Differences* differences) {
  CompareState("abc", model.state, engine.state, differences);
  differences->Same("abc", "measure", model.measure, engine.measure);
  differences->Same("abc", "total", model.total, engine.total);
  for (size_t i = 0; i < model.classes.size(); ++i) {
    const std::string where = "abc class[" + std::to_string(i) + "]";
    differences->Same(where, "customers", model.classes[i].customers, engine.classes[i].customers);
    differences->Same(where, "sum", model.classes[i].sum, engine.classes[i].sum);
    differences->Same(where, "from", model.classes[i].from, engine.classes[i].from);
  }
}

void CompareValue(const ValueAnswer& model, const ValueAnswer& engine, Differences* differences) {
  CompareState("value", model.state, engine.state, differences);
  const auto same = [&](const std::string& where, const ValueAnswer::Group& a,
                        const ValueAnswer::Group& b) {
    differences->Same(where, "customers", a.customers, b.customers);
    differences->Same(where, "revenue", a.revenue, b.revenue);
  };
  for (size_t i = 0; i < model.classes.size(); ++i) {
    same("value class[" + std::to_string(i) + "]", model.classes[i], engine.classes[i]);
  }
  same("hidden potential", model.hidden_potential, engine.hidden_potential);
}

void CompareStatus(const StatusAnswer& model, const StatusAnswer& engine,
                   Differences* differences) {
  CompareState("status", model.state, engine.state, differences);
  differences->Same("status", "customers", model.customers, engine.customers);
  differences->Same("status", "orders", model.orders, engine.orders);
  differences->Same("status", "returns", model.returns, engine.returns);
  differences->Same("status", "leads", model.leads, engine.leads);
  differences->Same("status", "open_leads", model.open_leads, engine.open_leads);
}

void CompareCount(const std::string& where, const CountAnswer& model, const CountAnswer& engine,
                  Differences* differences) {
  CompareState(where, model.state, engine.state, differences);
  differences->Same(where, "customers", model.customers, engine.customers);
  differences->Same(where, "orders", model.orders, engine.orders);
  differences->Same(where, "revenue", model.revenue, engine.revenue);
  differences->Same(where, "revenue_total", model.revenue_total, engine.revenue_total);
}

void ComparePipeline(const std::string& where, const PipelineAnswer& model,
                     const PipelineAnswer& engine, Differences* differences) {
  CompareState(where, model.state, engine.state, differences);
  const auto row = [](const PipelineAnswer::Group& group) {
    return Show(group.keys) + " " + Show(group.leads) + " " + Show(group.revenue) + " " +
           Show(group.weighted) + " " + Show(group.overridden);
  };
  const auto rows = [&row](const PipelineAnswer& answer) {
    std::vector<std::string> all{row(answer.total)};
    for (const PipelineAnswer::Group& group : answer.groups) all.push_back(row(group));
    return all;
  };
  differences->Same(where, "total and groups", rows(model), rows(engine));
  const auto closed = [](const PipelineAnswer& answer) {
    std::vector<std::string> all{Show(answer.won_leads), Show(answer.won_revenue),
                                 Show(answer.lost_leads), Show(answer.lost_revenue)};
    for (const PipelineAnswer::Closed& group : answer.closed) {
      all.push_back(Show(group.status) + " " + Show(group.keys) + " " + Show(group.leads) + " " +
                    Show(group.revenue));
    }
    return all;
  };
  differences->Same(where, "won and lost", closed(model), closed(engine));
}

std::vector<std::string_view> IdsToAsk(const ModelBook& model) {
  std::vector<std::string_view> ids{"nobody has this id"};
  for (const auto& [id, customer] : model.customers()) ids.push_back(id);
  ids.push_back(ids[ids.size() / 2]);
  return ids;
}

void CompareProfile(const std::string& where, const Profile& a, const Profile& b,
                    bool with_rankings, Differences* differences) {
  const auto same = [&](std::string_view what, const auto& model, const auto& engine) {
    differences->Same(where, what, model, engine);
  };
  same("customer", a.customer, b.customer);
  same("found", a.found, b.found);
  if (!a.found || !b.found) return;
  same("kind", a.kind, b.kind);
  same("country", a.country, b.country);
  same("region", a.region, b.region);
  same("owner", a.owner, b.owner);
  same("company_size", a.company_size, b.company_size);
  same("products", a.products, b.products);
  same("potential", a.potential, b.potential);
  same("key_account", a.key_account, b.key_account);
  same("satisfaction", a.satisfaction, b.satisfaction);
  same("referral", a.referral, b.referral);
  same("bonding", a.bonding, b.bonding);
  same("first_order", a.first_order, b.first_order);
  same("last_order", a.last_order, b.last_order);
  same("last_activity", a.last_activity, b.last_activity);
  same("recency_days", a.recency_days, b.recency_days);
  same("inactive_days", a.inactive_days, b.inactive_days);
  same("purchase_days", a.purchase_days, b.purchase_days);
  same("orders", a.orders, b.orders);
  same("revenue", a.revenue, b.revenue);
  same("margin", a.margin, b.margin);
  same("items", a.items, b.items);
  same("orders_total", a.orders_total, b.orders_total);
  same("revenue_total", a.revenue_total, b.revenue_total);
  same("margin_total", a.margin_total, b.margin_total);
  same("activity", a.activity, b.activity);
  same("consent", a.consent, b.consent);
  same("last_contact", a.last_contact, b.last_contact);
  same("p_alive", a.p_alive_millionths, b.p_alive_millionths);
  same("churn_score", a.churn_score_millionths, b.churn_score_millionths);
  same("churn_band", a.churn_band, b.churn_band);
  same("expected_orders", a.expected_orders_thousandths, b.expected_orders_thousandths);
  same("clv", a.clv, b.clv);
  same("customer_value", a.customer_value, b.customer_value);
  same("phase", a.phase, b.phase);
  if (!with_rankings) return;
  same("is scored", a.rfm.has_value(), b.rfm.has_value());
  if (a.rfm && b.rfm) {
    same("r", a.rfm->r, b.rfm->r);
    same("f", a.rfm->f, b.rfm->f);
    same("m", a.rfm->m, b.rfm->m);
    same("segment", a.rfm->segment, b.rfm->segment);
  }
  same("abc", a.abc, b.abc);
  same("value_score", a.value_score_thousandths, b.value_score_thousandths);
  same("value_class", a.value_class, b.value_class);
  same("value_pinned", a.value_pinned, b.value_pinned);
  same("hidden_potential", a.hidden_potential, b.hidden_potential);
  same("risks", a.risks, b.risks);
}

void CompareApply(const ApplyAnswer& model, const ApplyAnswer& engine, Differences* differences) {
  CompareState("apply", model.state, engine.state, differences);
  differences->Same("apply", "applied", model.applied, engine.applied);
  differences->Same("apply", "replaced", model.replaced, engine.replaced);
  differences->Same("apply", "unchanged", model.unchanged, engine.unchanged);
  const auto refused = [](const ApplyAnswer& answer) {
    std::vector<std::string> rows;
    for (const RefusedEvent& event : answer.refused) {
      rows.push_back(std::to_string(event.index) + " error " + Show(event.error.code) + " " +
                     event.error.field);
    }
    return rows;
  };
  differences->Same("apply", "refused", refused(model), refused(engine));
}

void CompareList(const std::string& where, const ListAnswer& model, const ListAnswer& engine,
                 Differences* differences) {
  CompareState(where, model.state, engine.state, differences);
  const auto same = [&](const std::string& what, const auto& a, const auto& b) {
    differences->Same(where, what, a, b);
  };
  same("total_customers", model.total_customers, engine.total_customers);
  same("total_revenue", model.total_revenue, engine.total_revenue);
  same("excluded_no_consent", model.excluded_no_consent, engine.excluded_no_consent);
  same("excluded_contacted", model.excluded_contacted, engine.excluded_contacted);
  same("rows", model.rows, engine.rows);
  same("has next page", model.next.has_value(), engine.next.has_value());
  same("columns", model.columns.size(), engine.columns.size());
  if (model.columns.size() != engine.columns.size()) return;
  for (size_t i = 0; i < model.columns.size(); ++i) {
    const ListColumn& a = model.columns[i];
    ListColumn b = engine.columns[i];
    same("column name", a.name, b.name);
    same(a.name + " type", a.type, b.type);
    same(a.name + " absent", a.absent, b.absent);
    same(a.name + " names", a.names, b.names);
    // What stands at an absent value has no meaning.
    for (size_t row = 0; row < std::min(a.absent.size(), b.absent.size()); ++row) {
      if (a.absent[row] == 0) continue;
      if (row < b.numbers.size()) b.numbers[row] = 0;
      if (row < b.texts.size()) b.texts[row] = {};
    }
    same(a.name + " numbers", a.numbers, b.numbers);
    same(a.name + " texts", a.texts, b.texts);
  }
}

void CompareCustomers(const ModelBook& model, Book* engine, uint64_t question_seed, bool thorough,
                      Differences* differences) {
  Random random(question_seed);
  AskProfiles(model, *engine, false, differences);
  // Half of the time the first scan has to bring the rankings up to date by itself.
  if (random.Chance(50)) CompareAbc(model.Abc(), engine->Abc(), differences);
  if (random.Chance(50)) CompareRfm(model.Rfm(), engine->Rfm(), differences);
  engine->RefreshRankings();
  differences->Same("rankings", "stale after a refresh", false, engine->RankingsStale());
  AskProfiles(model, *engine, true, differences);
  CompareRecords(*engine, IdsToAsk(model), differences);
  for (const std::string_view id : IdsToAsk(model)) {
    if (!thorough && !random.Chance(20)) continue;
    CompareExplain(id, model.Explain(id), engine->Explain(id), differences);
  }
  CompareRfm(model.Rfm(), engine->Rfm(), differences);
  CompareAbc(model.Abc(), engine->Abc(), differences);
  CompareValue(model.Value(), engine->Value(), differences);

  const FieldCatalog& catalog = model.rules().customer_fields();
  const auto any_field = [](FieldIndex) { return true; };
  AskCount(model, engine, "", differences);
  for (int n = 0; n < 4; ++n) {
    const std::string where = RandomExpression(&random, catalog, any_field, &model);
    AskCount(model, engine, where, differences);
    AskPhases(model, engine, n == 0 ? "" : where, differences);
  }
  for (int n = 0; n < 3; ++n) {
    const ListQuery query = RandomListQuery(&random, model);
    AskList(model, engine, query, random.Pick({1u, 2u, 3u, 7u, 30u, 1000u}), differences);
  }
  if (!thorough) return;
  for (size_t i = 0; i < catalog.size(); ++i) {
    for (const bool descending : {false, true}) {
      ListQuery query;
      query.order_by = catalog.At(static_cast<FieldIndex>(i)).name;
      query.descending = descending;
      query.limit = 0;
      query.fields = {query.order_by};
      if (query.order_by != "customer") query.fields.push_back("customer");
      AskList(model, engine, query, 5, differences);
    }
  }
}

void CompareBooks(const ModelBook& model, Book* engine, uint64_t question_seed, bool thorough,
                  Differences* differences) {
  CompareStatus(model.Status(), engine->Status(), differences);
  CompareCustomers(model, engine, question_seed, thorough, differences);
  Random random(question_seed ^ 0x1ead);
  for (const std::string_view id : IdsToAsk(model)) {
    if (thorough || random.Chance(20)) CompareHistory(id, model, engine, differences);
  }
  for (int n = 0; n < 3; ++n) {
    AskPipeline(model, engine, RandomPipelineQuery(&random, model), differences);
  }
  for (int n = 0; n < 2; ++n) {
    AskWaterfall(model, engine, RandomWaterfallQuery(&random, model), differences);
    AskConversion(model, engine, RandomConversionQuery(&random, model), differences);
  }
  if (thorough) AskChurn(model, engine, RandomChurnQuery(&random, model.today()), differences);
}

}  // namespace kundig::engine
