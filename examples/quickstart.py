"""The main job in short: python examples/quickstart.py"""

import octave_compress as oc
from octave_compress.demo import digits

train, _, test = digits()  # 8 x 8 images, one a row; the digit of each
teacher = oc.train(train.X, train.y, layers=[64, 64, 32, 10], epochs=60, progress=True)
pruned = oc.prune(teacher, sparsity=0.8)
pruned = oc.retrain(pruned, train.X, train.y, epochs=60, progress=True)  # zeros stay
quantized = oc.quantize(pruned, bits=8, activations=train.X)
student = oc.distill(
    teacher, [64, 16, 10], train.X, train.y, temperature=8.0, alpha=0.9, epochs=120, progress=True
)
models = {"teacher": teacher, "pruned": pruned, "8 bits": quantized, "student": student}
print(oc.report(models, test.X, test.y))
oc.save("quantized_model.mat", quantized)  # Octave, MATLAB and SciPy read it
