"""Frames become bytes that R reads, and come back as they were; what cannot is refused by name."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from frame_cases import built, cases, golden
from hypothesis import given
from hypothesis import strategies as st

from shardr.data.columns import Packed, from_r, pack, to_r, unpack
from shardr.errors import FrameError

CASES = cases()


def again(frame: pd.DataFrame) -> pd.DataFrame:
    return unpack(pack(frame))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_bytes_of_a_contract_case_unpack_to_the_frame_it_describes(case):
    found = unpack(golden(case))
    pd.testing.assert_frame_equal(found, built(case), check_exact=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_frame_of_a_contract_case_packs_to_its_very_bytes(case):
    assert pack(built(case)) == golden(case)


def test_na_and_nan_of_a_double_stay_two_things():
    (case,) = (case for case in CASES if case["name"] == "double keeps NA and NaN apart")
    column = unpack(golden(case))["x"]
    assert column.isna().tolist() == [False, True, False, False, False, False]
    assert np.isnan(column.array[2])


def test_a_missing_value_of_every_pandas_kind_is_na_in_r():
    frame = pd.DataFrame(
        {
            "float": [np.nan, 1.5],
            "object_nan": [np.nan, "a"],
            "object_none": [None, "a"],
            "string": pd.array([pd.NA, "a"], dtype="string"),
            "string_pyarrow": pd.array([pd.NA, "a"], dtype="string[pyarrow]"),
            "Int8": pd.array([pd.NA, 1], dtype="Int8"),
            "Float32": pd.array([pd.NA, 1.5], dtype="Float32"),
            "boolean": pd.array([pd.NA, True], dtype="boolean"),
            "category": pd.Categorical([None, "a"]),
            "time": pd.to_datetime([None, "2020-01-01"]),
            "duration": pd.to_timedelta([None, "1s"]),
            "date": [None, dt.date(2020, 1, 1)],
        }
    )
    assert again(frame).isna().to_numpy().tolist() == [[True] * 12, [False] * 12]


def test_an_arrow_table_keeps_null_and_nan_apart_and_its_chunks_in_order():
    table = pa.table(
        {
            "x": pa.chunked_array([[1.0, None], [float("nan")]]),
            "f": pa.chunked_array([pa.array(["a", "b"]).dictionary_encode(), pa.array(["c"]).dictionary_encode()]),
            "s": pa.chunked_array([["a"], ["b", None]]),
        }
    )
    found = unpack(pack(table))
    assert found["x"].isna().tolist() == [False, True, False]
    assert found["f"].tolist() == ["a", "b", "c"]
    assert found["s"].dropna().tolist() == ["a", "b"]
    assert unpack(pack(table.slice(1)))["s"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("values", "dtype", "kind"),
    [
        ([0, 255], "uint8", "integer"),
        ([-(2**31) + 1, 2**31 - 1], "int64", "integer"),
        ([-(2**31), 0], "int64", "double"),
        ([0, 2**31], "uint64", "double"),
        ([-(2**53), 2**53], "int64", "double"),
    ],
)
def test_integers_that_pass_32_bits_become_doubles_with_the_same_values(values, dtype, kind):
    packed = pack(pd.DataFrame({"i": np.array(values, dtype=dtype)}))
    assert json.loads(packed.header)["columns"][0]["type"] == kind
    assert unpack(packed)["i"].tolist() == values


def test_integers_past_2_to_the_53_are_refused_rather_than_rounded():
    with pytest.raises(
        FrameError, match=r"integers from 0 to 9007199254740993: R keeps whole numbers only up to 2\^53"
    ):
        pack(pd.DataFrame({"id": [0, 2**53 + 1]}))


def test_a_big_integer_of_r_comes_as_int64():
    header = '{"format":1,"rows":3,"row_names":false,"columns":[{"name":"i","type":"integer64"}]}'
    values = np.array([2**62 + 1, -(2**63), -1], dtype="<i8")
    found = unpack(Packed(header, (values.tobytes(),)))["i"]
    assert str(found.dtype) == "Int64"
    assert found.tolist() == [2**62 + 1, pd.NA, -1]


def test_every_column_that_cannot_cross_is_named_with_what_to_do():
    frame = pd.DataFrame(
        {
            "lists": [[1], [2]],
            "mixed": [1, "a"],
            "fine": [1, 2],
            3: [1, 2],
            "period": pd.period_range("2020", periods=2, freq="D"),
            "complex": [1j, 2],
            "numbers": pd.Categorical([1, 2]),
            "nul": ["a\0b", "c"],
            "bytes": [b"a", b"b"],
            "offset": pd.to_datetime(["2020", "2021"]).tz_localize("+05:30"),
        }
    )
    with pytest.raises(FrameError) as caught:
        pack(frame)
    named = [problem.path.split('"')[1] for problem in caught.value.problems]
    assert named == ["lists", "mixed", "3", "period", "complex", "numbers", "nul", "bytes", "offset"]
    assert all(problem.fix for problem in caught.value.problems)
    assert 'column 1 "lists": a list column' in str(caught.value)


def test_an_index_that_means_something_is_refused_and_row_numbers_are_dropped():
    frame = pd.DataFrame({"x": [1, 2, 3]})
    assert again(frame[frame.x > 1]).index.tolist() == [0, 1]
    for index in (pd.Index([1, 2, 3], name="key"), pd.date_range("2020", periods=3), ["a", "a", "b"]):
        with pytest.raises(FrameError, match="index: "):
            pack(frame.set_axis(index))


def test_an_unknown_time_zone_names_the_column():
    header = '{"format":1,"rows":1,"row_names":false,"columns":[{"name":"t","type":"datetime","tz":"Mars/Olympus"}]}'
    with pytest.raises(FrameError, match='column 1 "t": the time zone "Mars/Olympus" is not known to Python'):
        unpack(Packed(header, (bytes(8),)))


def test_clock_times_without_zone_become_utc_and_whole_hour_offsets_a_zone_of_r():
    frame = pd.DataFrame(
        {
            "naive": pd.to_datetime(["2020-06-01 12:00"]),
            "east": pd.to_datetime(["2020-06-01 12:00+02:00"]),
            "utc": pd.to_datetime(["2020-06-01 12:00+00:00"]),
        }
    )
    found = again(frame)
    assert found["naive"][0] == pd.Timestamp("2020-06-01 12:00", tz="UTC")
    assert found["east"][0] == frame["east"][0]
    assert [str(found[name].dt.tz) for name in found] == ["UTC", "Etc/GMT-2", "UTC"]


@given(st.lists(st.floats(-9e9, 9e9, allow_subnormal=False).filter(lambda x: abs(x) > 2**23)))
def test_a_time_of_r_with_all_its_digits_comes_back_the_same_double(seconds):
    column = '{"name":"t","type":"datetime","tz":"UTC"}'
    header = f'{{"format":1,"rows":{len(seconds)},"row_names":false,"columns":[{column}]}}'
    sent = np.array(seconds, dtype="<f8").tobytes()
    assert pack(unpack(Packed(header, (sent,)))).buffers == (sent,)


@given(st.lists(st.integers(-8_500_000_000_000_000, 7_200_000_000_000_000), max_size=20))
def test_whole_microseconds_from_1700_to_2198_survive_the_doubles_of_r(ticks):
    frame = pd.DataFrame({"t": pd.DatetimeIndex(np.array(ticks, dtype="M8[us]").astype("M8[ns]"), tz="UTC")})
    pd.testing.assert_frame_equal(again(frame), frame)


_texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


@given(
    st.lists(
        st.tuples(
            st.floats() | st.none(),
            st.integers(-(2**31) + 1, 2**31 - 1) | st.none(),
            st.booleans() | st.none(),
            _texts | st.none(),
        ),
        max_size=20,
    )
)
def test_any_frame_of_the_types_of_r_comes_back_as_it_was(rows):
    columns = list(zip(*rows, strict=True)) if rows else [[]] * 4
    missing = np.array([x is None for x in columns[0]], dtype=bool)
    values = np.array([0.0 if x is None else x for x in columns[0]], dtype="float64")
    frame = pd.DataFrame(
        {
            "double": pd.arrays.FloatingArray(values, missing),
            "integer": pd.array(columns[1], dtype="Int64"),
            "logical": pd.array(columns[2], dtype="boolean"),
            "string": np.array([*columns[3], None], dtype=object)[:-1],
        }
    )
    found = again(frame)
    assert found["string"].isna().tolist() == [x is None for x in columns[3]]
    assert found["string"].dropna().tolist() == [x for x in columns[3] if x is not None]
    pd.testing.assert_series_equal(found["integer"].astype("Int64"), frame["integer"])
    pd.testing.assert_series_equal(found["logical"].astype("boolean"), frame["logical"])
    kept = np.array([x is not None and x == x for x in columns[0]], dtype=bool)
    np.testing.assert_array_equal(found["double"].to_numpy("float64", na_value=np.nan)[kept], values[kept])
    if np.isnan(values).any():  # only then NA and NaN must be told apart
        assert found["double"].isna().tolist() == missing.tolist()


def test_the_columns_that_come_back_own_their_memory():
    frame = again(pd.DataFrame({"x": [1.0, 2.0], "i": [1, 2], "f": pd.Categorical(["a", "b"])}))
    frame.loc[0, "x"] = 9.0
    frame["i"] += 1
    assert frame["x"].tolist() == [9.0, 2.0]


def test_bytes_that_do_not_fit_their_header_are_refused():
    packed = pack(pd.DataFrame({"x": [1.0, 2.0]}))
    for buffers in ((packed.buffers[0][:8],), ()):
        with pytest.raises(FrameError, match="the bytes of this frame do not fit its header"):
            unpack(Packed(packed.header, buffers))
    with pytest.raises(FrameError, match="packed in format 2, and this half reads format 1"):
        unpack(Packed(packed.header.replace('"format":1', '"format":2'), packed.buffers))


def test_what_is_no_frame_is_refused():
    with pytest.raises(FrameError, match="expected a pandas DataFrame or a pyarrow Table, found list"):
        pack([1, 2])  # type: ignore[arg-type]


def test_the_face_for_reticulate_gives_text_and_bytearrays_and_takes_them_back():
    frame = pd.DataFrame({"x": [1.5, 2.5], "s": ["é", "b"]})
    header, buffers = to_r(frame)
    assert type(header) is str
    assert {type(buffer) for buffer in buffers} == {bytearray}
    pd.testing.assert_frame_equal(from_r(header, buffers), frame.astype({"s": from_r(header, buffers)["s"].dtype}))


def test_importing_the_module_loads_neither_pandas_nor_arrow():
    code = "import sys, shardr.data.columns; print([m for m in ('pandas', 'pyarrow', 'numpy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
