from attnrec.data import Report


def test_an_empty_report_says_so():
    assert str(Report()) == "nothing to report"
    assert Report()._repr_html_() == "<p>nothing to report</p>"
    assert len(Report().to_frame()) == 0


def test_findings_that_count_nothing_are_left_out_and_reports_never_change():
    first = Report()
    second = first.with_rows(("missing user", 0, "dropped"), ("missing item", 1200, "dropped"))
    assert first.rows == ()
    assert str(second) == "missing item: 1,200, dropped"
    assert second.count("missing item") == 1200
    assert second.count("missing user") == 0
    assert second.to_frame().to_dict("list") == {
        "what": ["missing item"],
        "count": [1200],
        "action": ["dropped"],
    }


def test_text_of_the_data_is_escaped():
    shown = Report().with_rows(("column <b>", 1, "<script>"))._repr_html_()
    assert "<b>" not in shown
    assert "<script>" not in shown
    assert "column &lt;b&gt;" in shown
