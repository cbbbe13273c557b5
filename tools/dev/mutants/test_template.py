"""Tests of the mutants of template.yaml."""

from __future__ import annotations

import unittest

from ..console import Failure
from ..settings import ROOT
from . import checks, places, template

SOURCE = """\
# A comment: with a colon.
Parameters:
  Mode:
    Type: String
    Description: How it is done.
    Default: enforce
    AllowedValues: [enforce, observe]
  Url: {Type: String, Default: ""}

Conditions:
  HasUrl: !Not [!Equals [!Ref Url, ""]]

Resources:
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain # why
    Properties:
      BillingMode: PAY_PER_REQUEST
      Keys:
        - {AttributeName: pk, KeyType: HASH}
        # The second one.
        - AttributeName: sk
          KeyType: RANGE

  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: one
          PolicyDocument:
            Statement:
              - Sid: Rows
                Action:
                  - dynamodb:GetItem
                  - dynamodb:UpdateItem
                Resource: !Sub ${Table.Arn}/index/owner

  Role2:
    Type: AWS::IAM::Role
    Properties:
      Name: !Ref Role

  Queue:
    Type: AWS::SQS::Queue
    Properties:
      Text: >-
        {"time":"$context.requestTime",
        "id":"$context.requestId"}
      Url: !If [HasUrl, !Ref Url, !Ref AWS::NoValue]
      Sure: true
"""


def changes() -> dict[str, str]:
    """Each mutant of the source above, by its change, as the whole that it makes."""
    return {mutant.change: mutant.applied(SOURCE) for mutant in template.mutants(SOURCE)}


class Places(unittest.TestCase):
    def test_keys_items_tags_and_quotes_stand_where_they_are_said_to(self) -> None:
        document = places.read(SOURCE)
        self.assertEqual([entry.name for entry in document.entries], ["Parameters", "Conditions", "Resources"])

        def said(*names: str) -> tuple[str, str | None]:
            value = document.at(*names)
            assert value is not None
            return value.tag, value.text

        self.assertEqual(said("Resources", "Table", "DeletionPolicy"), ("", "Retain"))
        self.assertEqual(said("Resources", "Table", "Properties", "Keys", "2", "KeyType"), ("", "RANGE"))
        self.assertEqual(said("Parameters", "Url", "Default"), ("", ""))
        self.assertEqual(said("Resources", "Queue", "Properties", "Url", "2"), ("!Ref", "Url"))
        for _, _, entry in places.walk(document):
            value = entry.value
            if value.text is not None:
                self.assertIn(value.text, SOURCE[value.start : value.end])

    def test_what_it_cannot_read_it_refuses(self) -> None:
        for wrong in ("a: 1\n   b: 2\n", "a: {b: 1} c\n", "- &anchor a\n- {b: [1}\n"):
            with self.subTest(wrong), self.assertRaises((Failure, ValueError, IndexError)):
                places.read(wrong)

    def test_all_of_the_template_is_read(self) -> None:
        source = (ROOT / template.PATH).read_text(encoding="utf-8")
        found = template.mutants(source)
        keys = [mutant.key for mutant in found]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertGreater(len(found), 1_500)
        for mutant in found:
            self.assertNotEqual(mutant.applied(source), source, mutant.change)


class Mutants(unittest.TestCase):
    def test_a_key_or_an_item_goes_with_all_that_is_below_it(self) -> None:
        found = changes()
        self.assertNotIn("DeletionPolicy", found["Table.DeletionPolicy: deleted"])
        # What a dash and a key share is left to the next key.
        self.assertIn("        - KeyType: RANGE\n", found["Table.Keys.sk.AttributeName: deleted"])
        self.assertNotIn("dynamodb:GetItem", found["Role.Policies.one.PolicyDocument.Statement.Rows.Action.dynamodb:GetItem: deleted"])
        self.assertIn("AllowedValues: [enforce]", found["Parameters.Mode.AllowedValues.observe: deleted"])
        self.assertIn("Url: {Type: String}", found["Parameters.Url.Default: deleted"])
        self.assertTrue("Queue" not in found["Queue: deleted"])

    def test_what_nothing_can_be_deployed_without_does_not_go(self) -> None:
        found = set(changes())
        for gone in (
            "Role: deleted", "Table: deleted", "Parameters.Url: deleted", "Table.Type: deleted", "Queue.Url.1: deleted",
        ):
            self.assertNotIn(gone, found)

    def test_words_for_people_are_left_alone(self) -> None:
        self.assertFalse([change for change in changes() if "Description" in change or "Sid" in change])

    def test_an_action_a_resource_and_a_choice_are_widened(self) -> None:
        found = changes()
        statement = "Role.Policies.one.PolicyDocument.Statement.Rows"
        self.assertIn("- dynamodb:*\n", found[f"{statement}.Action.dynamodb:GetItem: dynamodb:GetItem -> dynamodb:*"])
        self.assertIn(
            "UpdateItem\n                  - dynamodb:DeleteItem\n", found[f"{statement}.Action: dynamodb:DeleteItem added"]
        )
        resource = f"{statement}.Resource: !Sub ${{Table.Arn}}/index/owner"
        self.assertIn("Resource: !Sub ${Table.Arn}/index/*\n", found[f"{resource} -> !Sub ${{Table.Arn}}/index/*"])
        self.assertIn('Resource: "*"\n', found[f'{resource} -> "*"'])
        choice = "Queue.Url: !If [HasUrl, !Ref Url, !Ref AWS::NoValue]"
        self.assertIn("      Url: !Ref Url\n", found[f"{choice} -> !Ref Url"])
        self.assertIn("Name: !Ref Role2\n", found["Role2.Name: !Ref Role -> !Ref Role2"])

    def test_words_numbers_and_texts_become_others(self) -> None:
        found = changes()
        self.assertIn("DeletionPolicy: Delete # why", found["Table.DeletionPolicy: Retain -> Delete"])
        self.assertIn("Sure: false\n", found["Queue.Sure: true -> false"])
        self.assertIn("Default: observe\n", found["Parameters.Mode.Default: enforce -> observe"])
        self.assertIn('Url: {Type: String, Default: "x"}', found['Parameters.Url.Default: "" -> "x"'])
        self.assertIn("\n      TimeToLiveSpecification: ", found[f"Table: {template._TIME_TO_LIVE} added"])

    def test_only_lines_that_changed_are_mutated_if_that_is_asked_for(self) -> None:
        self.assertEqual(template.changed_lines("@@ -1 +2 @@ x\n@@ -3,2 +10,3 @@\n@@ -9,2 +20,0 @@\n"), {2, 10, 11, 12})


class Checks(unittest.TestCase):
    def test_the_template_is_asked_of_the_static_tests_alone(self) -> None:
        asked = checks.checks_of(template.PACKAGE, template.PATH, lambda _: True, lambda _: True)
        self.assertEqual(asked, [checks.TEMPLATE])
        self.assertIn("--no-run", asked[0].build)

    def test_the_program_is_found_in_what_cargo_says(self) -> None:
        said = "    Finished `test` profile\n  Executable tests/static/main.rs (target/debug/deps/static-1f)\n"
        self.assertEqual(checks.program_of(said), "target/debug/deps/static-1f")
        self.assertIsNone(checks.program_of("error: could not compile"))

    def test_the_tests_that_are_likely_to_notice_a_mutant_exist(self) -> None:
        folder = ROOT / "tests/e2e/tests/static"
        for _, tests in template._LIKELY:
            module = tests.removeprefix("template::")
            there = (folder / "template" / f"{module}.rs").is_file() or any(
                tests in path.read_text(encoding="utf-8") for path in folder.glob("*.rs")
            )
            self.assertTrue(there, tests)


if __name__ == "__main__":
    unittest.main()
