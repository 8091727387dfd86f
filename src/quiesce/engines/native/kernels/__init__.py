"""The kernels' sources. They are compiled when the package is built (`python -m quiesce.engines.native.kernels.build`),
and never imported where it runs: their machine code is made of the text beside them, `kernels.ll`.
"""
