// Tests of what the VVM makes of the cluster's answers (docs/formats/cluster-api.md).
//
// Unit tests of vvm; no world. The VVM as a whole is tested in simulated clusters.
#define BOOST_TEST_MODULE vvm_node
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>

#include "records/json.hpp"
#include "vvm/cluster_client.hpp"

namespace vvm::node {
namespace {

namespace json = boost::json;

json::object sp_json(int partition) {
  SetPoint sp;
  sp.key = {.app = {.owner = "acme", .name = "pos"},
            .partition = PartitionId{static_cast<std::uint16_t>(partition)}};
  sp.vvm = VvmId{1};
  sp.generation = Generation{1};
  return to_json(sp);
}

BOOST_AUTO_TEST_CASE(a_refusal_is_read_by_its_code) {
  const Error error =
      refusal_of(409, R"({"Error": {"Status": 409, "Code": "StaleReport", "Message": "older"}})");
  BOOST_TEST((error == Error{Code::stale_report, "older"}));
  BOOST_TEST(
      (refusal_of(409, R"({"Error":{"Code":"FencedOut","Message":""}})").code == Code::fenced_out));
}

BOOST_AUTO_TEST_CASE(an_unclear_refusal_is_transient_only_when_the_server_is_at_fault) {
  for (const std::string_view body :
       {"", "<html>", "{}", R"({"Error":1})", R"({"Error":{"Code":"Hungry","Message":""}})"}) {
    BOOST_TEST(transient(refusal_of(503, body).code), body);
    BOOST_TEST(!transient(refusal_of(404, body).code), body);
  }
}

BOOST_AUTO_TEST_CASE(a_list_of_set_points_is_read_whole_or_not_at_all) {
  const json::object good{
      {"ListRevision", 7}, {"Complete", true}, {"SP", json::array{sp_json(0), sp_json(1)}}};
  const auto list = sp_list_from_json(good);
  BOOST_TEST_REQUIRE(list.has_value());
  BOOST_TEST(list.value().revision == 7);
  BOOST_TEST(list.value().complete);
  BOOST_TEST(list.value().sps.size() == 2U);
  json::object damaged = sp_json(1);
  damaged.erase("Generation");
  for (const json::value& sps : {json::value(json::array{sp_json(0), damaged}),
                                 json::value(json::array{sp_json(0), 1}),
                                 json::value(json::object{})}) {
    json::object bad = good;
    bad["SP"] = sps;
    BOOST_TEST(!sp_list_from_json(bad).has_value());
  }
  json::object without = good;
  without.erase("Complete");
  BOOST_TEST(!sp_list_from_json(without).has_value());
}

}  // namespace
}  // namespace vvm::node
