"""Tests of make_contracts.py. Run: python3 -m unittest discover -s tests/data

The law and the formats are written down here a second time, in another way than the generator's, so
that one slip does not confirm itself.
"""

import contextlib
import datetime
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import contract_ids as ids  # noqa: E402
import contract_pdf as pdf  # noqa: E402
import contract_text as text  # noqa: E402
import make_contracts as make  # noqa: E402

SET = ["--employers", "40", "--contracts", "300", "--seed", "7"]
NINE_TERMS = (  # Labour Contract Law Art 17
    ("用人单位", "名称", "住所", "法定代表人"),
    ("劳动者", "姓名", "住址", "身份证件号码"),
    ("合同期限",),
    ("工作内容和工作地点",),
    ("工作时间和休息休假",),
    ("劳动报酬",),
    ("社会保险",),
    ("劳动保护、劳动条件和职业危害防护",),
    ("其他",),
)


def run(*argv):
    """(exit code, standard output) of the command line."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            code = make.main([str(arg) for arg in argv])
        except SystemExit as stop:
            code = stop.code
    return code, out.getvalue()


def made(*argv):
    """{path: bytes} of what the options make."""
    return dict(make.files(make.arguments([*argv, "--out", "."])))


def whole_months(start, end):
    """Most months m whose corresponding day is not past the day after `end`, day by day."""
    after, months, day = end + datetime.timedelta(days=1), 0, start
    while day < after:
        day += datetime.timedelta(days=1)
        following = day + datetime.timedelta(days=1)
        corresponding = day.day == start.day or (day.day < start.day and following.day == 1)
        months += corresponding
    return months


def pdf_objects(data):
    """{number: bytes} by the cross-reference table alone; asserts on the way."""
    assert data.startswith(b"%PDF-1.7\n") and data.endswith(b"%%EOF\n")
    xref = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", data).group(1))
    head = re.match(rb"xref\n0 (\d+)\n", data[xref:])
    size = int(head.group(1))
    table = data[xref + head.end() :][: 20 * size]
    entries = [table[i : i + 20] for i in range(0, len(table), 20)]
    assert entries[0] == b"0000000000 65535 f \n", entries[0]
    found = {}
    for n, entry in enumerate(entries[1:], 1):
        offset = int(re.fullmatch(rb"(\d{10}) 00000 n \n", entry).group(1))
        opening = b"%d 0 obj\n" % n
        assert data[offset:].startswith(opening), f"object {n} is not at {offset}"
        found[n] = data[offset + len(opening) : data.index(b"\nendobj\n", offset)]
    trailer = data[xref + head.end() + 20 * size :]
    assert trailer.startswith(b"trailer\n") and b"/Size %d " % size in trailer, trailer
    return found


def pdf_pages(data):
    """The text of each page, read back from the content streams."""
    objects = pdf_objects(data)
    pages = []
    for body in objects.values():
        if b"/Type /Page " not in body:
            continue
        contents = objects[int(re.search(rb"/Contents (\d+) 0 R", body).group(1))]
        head = re.match(rb"<< /Length (\d+) >>\nstream\n", contents)
        stream = contents[head.end() :][: int(head.group(1))]
        assert contents[head.end() + len(stream) :] == b"\nendstream"
        shown = re.findall(rb"<([0-9A-F]+)> Tj", stream)
        pages.append("\n".join(bytes.fromhex(s.decode()).decode("utf-16-be") for s in shown))
    return pages


class CheckDigits(unittest.TestCase):
    def test_uscc_check_agrees_with_known_codes(self):
        for code in ("91350100M000100Y43", "91512081MA62K0260E"):
            self.assertEqual(ids.uscc_check(code[:17]), code[17])
            self.assertEqual(ids.organisation_check(code[8:16]), code[16])

    def test_resident_check_agrees_with_known_numbers(self):
        for number in ("11010519491231002X", "440524188001010014"):  # GB 11643-1999's own examples
            self.assertEqual(ids.resident_check(number[:17]), number[17])

    def test_uscc_check_changes_with_every_single_character(self):
        code = "91350100M000100Y43"
        for i in range(17):
            for c in set(ids.USCC_ALPHABET) - {code[i]}:
                self.assertNotEqual(ids.uscc_check(code[:i] + c + code[i + 1 : 17]), code[17])

    def test_fakes_are_well_formed_and_nobodys(self):
        codes = [ids.uscc_fake(number) for number in range(1, 10000)]
        self.assertEqual(len(set(codes)), 9999)
        for code in codes:
            self.assertRegex(code, r"^91999999FAKE\d{4}[0-9X][0-9A-HJ-NP-RTUW-Y]$")
            self.assertEqual(ids.uscc_check(code[:17]), code[17])

    def test_fakes_out_of_range_are_refused(self):
        for number in (0, 10000):
            self.assertRaises(ValueError, ids.uscc_fake, number)
        for order in (0, 1000):
            self.assertRaises(ValueError, ids.resident_fake, datetime.date(2000, 1, 1), order)


class Months(unittest.TestCase):
    def test_add_months_ends_on_corresponding_or_last_day(self):
        for start, months, expected in (
            ("2026-01-31", 1, "2026-02-28"),
            ("2024-01-31", 1, "2024-02-29"),
            ("2025-12-15", 1, "2026-01-15"),
            ("2025-11-30", 1, "2025-12-30"),
            ("2025-03-31", 12, "2026-03-31"),
            ("2024-02-29", 12, "2025-02-28"),
        ):
            day = ids.add_months(datetime.date.fromisoformat(start), months)
            self.assertEqual(day.isoformat(), expected)

    def test_a_year_ends_on_the_day_before(self):
        self.assertEqual(ids.term_end(datetime.date(2025, 1, 1), 12), datetime.date(2025, 12, 31))

    def test_term_end_holds_that_many_whole_months_from_every_day(self):
        for offset in range(366):
            start = datetime.date(2024, 1, 1) + datetime.timedelta(days=offset)
            for months in (1, 2, 12):
                self.assertEqual(whole_months(start, ids.term_end(start, months)), months)


class Lawful(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        files = {**made("--sample"), **made(*SET)}
        cls.claims = [json.loads(b) for path, b in files.items() if path.endswith(".claims.json")]

    def dates(self, claims, *names):
        return [datetime.date.fromisoformat(claims["set"][name]) for name in names]

    def test_every_sort_of_contract_is_there(self):
        sorts = {(c["set"]["kind"], c["set"]["form"]) for c in self.claims}
        self.assertEqual(sorts, set(make.SORTS))

    def test_probation_is_lawful_and_inside_the_term(self):
        for c in self.claims:
            kind, form, probation = (c["set"][n] for n in ("kind", "form", "probation_months"))
            self.assertIsInstance(probation, int)
            if kind == "task" or form == "part":
                self.assertEqual(probation, 0)
            elif kind == "open":
                self.assertIn(probation, range(7))
            else:
                term = whole_months(*self.dates(c, "start", "end"))
                limit = 0 if term < 3 else 1 if term < 12 else 2 if term < 36 else 6
                self.assertIn(probation, range(limit + 1))
                self.assertLess(probation, term)

    def test_end_is_there_only_for_fixed_terms(self):
        for c in self.claims:
            self.assertEqual("end" in c["set"], c["set"]["kind"] == "fixed")

    def test_dispatch_is_fixed_for_two_years_with_a_named_unit(self):
        for c in self.claims:
            dispatch = c["set"]["form"] == "dispatch"
            self.assertEqual("dispatch_unit" in c["hide"], dispatch)
            if dispatch:
                self.assertEqual(c["set"]["kind"], "fixed")
                self.assertGreaterEqual(whole_months(*self.dates(c, "start", "end")), 24)

    def test_part_time_is_short_and_paid_within_fifteen_days(self):
        for seed in range(200):
            work = make.make_work(ids.Source(seed), "part")
            self.assertLessEqual(work["hours_day"], 4)
            self.assertLessEqual(work["hours_day"] * work["days_week"], 24)
            self.assertIn(work["wage_cycle"], ("weekly", "biweekly"))

    def test_probation_wage_is_four_fifths_at_least(self):
        for seed in range(200):
            work = make.make_work(ids.Source(seed), "full")
            self.assertGreaterEqual(work["probation_wage"] * 100, work["wage"] * 80)

    def test_written_and_signed_by_both_within_a_month_of_work(self):
        for c in self.claims:
            signed_on, work_start = self.dates(c, "signed_on", "work_start")
            self.assertLessEqual(signed_on, work_start + datetime.timedelta(days=28))
            signatures = c["set"]["signatures"]
            self.assertEqual([s["role"] for s in signatures], ["employer", "worker"])
            self.assertEqual(len(c["set"]["identity_checks"]), 2)
            for s in signatures:
                local = datetime.datetime.fromtimestamp(s["signed_at"], make.SHANGHAI)
                self.assertEqual(local.date(), signed_on)
                self.assertIn(s["alg"], ("SGD_SM3_SM2", "ES256"))

    def test_nine_terms_are_listed_once_each(self):
        nine = {"employer", "worker", "term", "work", "hours", "pay"}
        nine |= {"insurance", "protection", "other"}
        for c in self.claims:
            self.assertEqual(len(c["set"]["elements"]), 9)
            self.assertEqual(set(c["set"]["elements"]), nine)

    def test_kept_two_years_after_the_end(self):
        for c in self.claims:
            start, kept = self.dates(c, "start", "retain_until")
            end = self.dates(c, "end")[0] if "end" in c["set"] else start
            self.assertGreaterEqual(whole_months(end, kept), 24)

    def test_workers_are_nobody_of_working_age_and_never_twice(self):
        numbers = [c["hide"]["worker"]["id_number"] for c in self.claims[len(make.SAMPLE) :]]
        self.assertEqual(len(set(numbers)), 300)
        for c in self.claims:
            number = c["hide"]["worker"]["id_number"]
            self.assertRegex(number, r"^999999\d{11}[0-9X]$")
            self.assertEqual(ids.resident_check(number[:17]), number[17])
            born = datetime.datetime.strptime(number[6:14], "%Y%m%d").date()
            age = whole_months(born, self.dates(c, "work_start")[0]) / 12
            self.assertTrue(18 <= age < 43, f"{age} years")
            self.assertRegex(c["hide"]["worker_name"], r"^样例工人\d{5}$")

    def test_no_disclosed_name_is_a_clear_one(self):
        for c in self.claims:
            self.assertEqual(set(c), {"type", "act", "set", "hide"})
            self.assertFalse(set(c["set"]) & set(c["hide"]))

    def test_worker_numbers_stay_unique_in_the_largest_set(self):
        seen, start = set(), datetime.date(2025, 6, 1)
        for serial in range(1, make.CONTRACTS_MAX + 1):
            seen.add(make.make_birth(ids.Source(1, serial % 13), serial, start))
        self.assertEqual(len(seen), make.CONTRACTS_MAX)


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        files = {**made("--sample"), **made(*SET)}
        cls.files = files
        cls.documents = {path: b for path, b in files.items() if path.endswith(".pdf")}

    def test_cross_references_and_lengths_are_right(self):
        self.assertEqual(len(self.documents), 306)
        for path, data in self.documents.items():
            with self.subTest(path):
                self.assertIn(len(pdf_pages(data)), (1, 2))

    def test_every_page_carries_the_banner_above_and_below(self):
        for data in self.documents.values():
            for page in pdf_pages(data):
                self.assertEqual(page.count("「合成样例 SYNTHETIC SAMPLE — 非真实合同」"), 2)

    def test_nine_terms_and_signatures_stand_in_the_text(self):
        for data in self.documents.values():
            whole = "\n".join(pdf_pages(data))
            place = -1
            for numeral, words in zip("一二三四五六七八九", NINE_TERMS):
                heading = re.search(rf"^{numeral}、.*$", whole, re.MULTILINE)
                self.assertGreater(heading.start(), place)
                place = heading.start()
                for word in words:
                    self.assertIn(word, heading.group())
            for role in ("甲方（电子签名）", "乙方（电子签名）"):
                self.assertGreater(whole.index(role), place)

    def test_text_says_what_the_claims_say(self):
        for path, data in self.documents.items():
            hidden = json.loads(self.files[path[:-4] + ".claims.json"])["hide"]
            joined = "".join(pdf_pages(data)).replace("\n", "")
            for name in ("worker_name", "contract_no", "employer_name", "legal_rep", "post"):
                self.assertIn(hidden[name], joined)
            self.assertIn(hidden["worker"]["id_number"], joined)
            self.assertIn(f"{hidden['wage_amount'] / 100:,.2f}元", joined)

    def test_no_line_leaves_the_page(self):
        room = (pdf.PAGE_WIDTH - 2 * pdf.MARGIN) * 1000
        for _, contract in make.sample_contracts():
            for line in text.contract_lines(contract):
                for row in pdf.wrap(line):
                    width = pdf.text_width(row.text) * pdf.STYLES[row.style].size
                    self.assertLessEqual(width, room)
                    self.assertNotIn(row.text[:1] or " ", pdf.NOT_AT_LINE_START)

    def test_too_long_a_text_is_refused(self):
        lines = [pdf.Line("body", "长")] * 200
        self.assertRaises(RuntimeError, pdf.render, lines, text.BANNER, {})

    def test_a_character_outside_the_basic_plane_is_refused(self):
        self.assertRaises(ValueError, pdf.text_hex, "\U00020000")


class Sets(unittest.TestCase):
    def test_same_seed_same_bytes(self):
        self.assertEqual(made(*SET), made(*SET))

    def test_another_seed_makes_other_contracts(self):
        other = made(*SET[:-1], "8")
        self.assertNotEqual(set(made(*SET).items()), set(other.items()))
        self.assertEqual(len(other), 601)

    def test_a_larger_set_keeps_the_first_contracts(self):
        small = made("--employers", "5", "--contracts", "20", "--seed", "3")
        large = made("--employers", "5", "--contracts", "40", "--seed", "3")
        self.assertLess(small.items(), large.items())

    def test_every_contract_belongs_to_a_listed_employer_and_every_employer_has_one(self):
        files = made(*SET)
        employers = {e["id"]: e for e in json.loads(files["employers.json"])}
        self.assertEqual(len(employers), 40)
        used = set()
        for path, content in files.items():
            if path.endswith(".claims.json"):
                folder, employer, _ = path.split("/")
                self.assertEqual(folder, "contracts")
                hidden = json.loads(content)["hide"]
                self.assertEqual(hidden["employer_name"], employers[employer]["name"])
                used.add(employer)
        self.assertEqual(used, set(employers))

    def test_committed_samples_are_what_the_generator_makes(self):
        code, out = run("--sample", "--check", HERE / "contracts")
        self.assertEqual(code, 0, out)

    def test_check_names_what_is_changed_missing_or_not_made_here(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            self.assertEqual(run("--sample", "--out", folder)[0], 0)
            self.assertEqual(run("--sample", "--check", folder)[0], 0)
            changed = folder / "task.pdf"
            changed.write_bytes(changed.read_bytes().replace(b"%PDF-1.7", b"%PDF-1.6"))
            (folder / "part-time.pdf").unlink()
            (folder / "other.pdf").write_bytes(b"")
            code, out = run("--sample", "--check", folder)
            self.assertEqual(code, 1)
            self.assertIn(f"differs: {changed}\n", out)
            self.assertIn("missing: ", out)
            self.assertIn("not made here: ", out)
            self.assertEqual(out.count("\n"), 3)

    def test_wrong_arguments_end_with_two(self):
        for line in ("", "--sample", "--out x --check x", "--out x --seed a"):
            self.assertEqual(run(*line.split())[0], 2, line)
        for wrong in ("--employers 0", "--employers 10000", "--contracts 0", "--contracts 100000"):
            self.assertEqual(run("--out", "x", *wrong.split())[0], 2, wrong)


class Readers(unittest.TestCase):
    """What another program makes of the files; only where poppler is installed."""

    def poppler(self, tool, *argv):
        if shutil.which(tool) is None:
            self.skipTest(f"skipped: {tool} (poppler-utils) is not installed")
        done = subprocess.run([tool, *argv], capture_output=True, check=True, timeout=60)
        if b"Couldn't find 'UniGB-UTF16-H' CMap" in done.stderr:
            self.skipTest("skipped: poppler-data (Adobe-GB1) is not installed")
        return done

    def test_poppler_gives_the_text_back(self):
        for path in sorted((HERE / "contracts").glob("*.pdf")):
            done = self.poppler("pdftotext", "-enc", "UTF-8", str(path), "-")
            self.assertEqual(done.stderr, b"")
            found = done.stdout.decode("utf-8")
            for word in ("姓名、住址和身份证件号码", "SYNTHETIC SAMPLE", "样例工人0000"):
                self.assertIn(word, found)

    def test_poppler_reads_the_information(self):
        for path in sorted((HERE / "contracts").glob("*.pdf")):
            found = self.poppler("pdfinfo", "-enc", "UTF-8", str(path)).stdout.decode("utf-8")
            self.assertRegex(found, r"Title: +劳动合同书 YL-20\d\d-\d{5}\n")
            self.assertRegex(found, r"Page size: +595 x 842 pts \(A4\)")


if __name__ == "__main__":
    unittest.main()
