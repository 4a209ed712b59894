% The deep-learning article's script with its mistakes mended: load, prune, quantize, distil, save.
%
%   octave-cli examples/deep_learning_article.m
%
% The four .mat files go to the current folder. deep_learning_article.py is the same script moved
% to Python: it prints the same numbers and writes the same models.

here = fileparts(mfilename('fullpath'));
addpath(fullfile(here, '..', 'm_files'));
addpath(fullfile(here, '..', 'm_files', 'compat'));

% Samples of three classes, and a network to begin with. '-struct' puts the fields of the model at
% the top level of the file, which is where load looks for them; '-v7' is what SciPy reads too.
rand('twister', 2);
classes = eye(3);
X = rand(8, 400);
[~, labels] = max(X(1:3, :) + X(4:6, :) .* X([7, 8, 7], :));
T = classes(:, labels);
X_test = rand(8, 300);
[~, labels] = max(X_test(1:3, :) + X_test(4:6, :) .* X_test([7, 8, 7], :));
T_test = classes(:, labels);
model = train_model(X, T, [8, 24, 3], 'epochs', 60);
save('-v7', 'model.mat', '-struct', 'model');
fprintf('model             %.12g accuracy\n', accuracy(predict_model(model, X_test), T_test));

% Prune. The largest weight is that of the whole matrix; with 'column', what the article's line
% compares with, another share goes.
model = load('model.mat');
prune_rate = 0.2;
weights = model.layers{1}.weights;
[~, by_layer] = prune_relative(weights, prune_rate);
[~, by_column] = prune_relative(weights, prune_rate, 'scope', 'column');
fprintf('first layer       %d of %d weights go, by column %d\n', ...
        sum(~by_layer(:)), numel(weights), sum(~by_column(:)));
pruned = prune_model(model, 'rate', prune_rate);
pruned = retrain_model(pruned, X, T, 'epochs', 30);
save('-v7', 'pruned_model.mat', '-struct', 'pruned');
counts = count_model(load('pruned_model.mat'));
fprintf('pruned            %.12g accuracy, %d of %d parameters nonzero\n', ...
        accuracy(predict_model(pruned, X_test), T_test), counts.nonzeros, counts.parameters);

% Neurons instead of connections: the matrices themselves get smaller.
narrow = prune_model(model, 'sparsity', 0.5, 'unit', 'neuron');
narrow = retrain_model(narrow, X, T, 'epochs', 30);
fprintf('half the neurons  %.12g accuracy, %d parameters\n', ...
        accuracy(predict_model(narrow, X_test), T_test), count_model(narrow).parameters);

% Quantize weights and activations: one layer by hand, then the whole network, which is saved.
model = load('pruned_model.mat');
quant_bits = 8;
layer = model.layers{1};
[quant_weights, codes, scale, zero_point] = quantize(layer.weights, quant_bits);
fprintf('weights           scale %.12g, zero point %d, codes of class %s\n', ...
        scale, zero_point, class(codes));
fprintf('                  off by %.12g at most\n', max(abs(quant_weights(:) - layer.weights(:))));
activation = dense_forward(layer.weights, layer.bias, X, layer.activation);
[quant_activation, ~, scale, zero_point] = quantize(activation, quant_bits);
fprintf('activations       scale %.12g, zero point %d\n', scale, zero_point);
fprintf('                  off by %.12g at most\n', max(abs(quant_activation(:) - activation(:))));
quantized = quantize_model(model, 'bits', quant_bits, 'scheme', 'affine', 'activations', X);
save('-v7', 'quantized_model.mat', '-struct', 'quantized');
counts = count_model(quantized);
fprintf('quantized         %.12g accuracy, %d bytes packed, %d before\n', ...
        accuracy(predict_model(quantized, X_test), T_test), ...
        counts.bytes_packed, count_model(model).bytes_packed);

% Distil. The two networks are compared by what they answer, not by their first layers. Beside it
% the same network, from the same first weights, without a teacher.
large_model = load('model.mat');
alone = train_model(X, T, [8, 4, 3], 'epochs', 120);
fprintf('small, alone      %.12g accuracy\n', accuracy(predict_model(alone, X_test), T_test));
small_model = distill_model(large_model, [8, 4, 3], X, T, 'temperature', 2, 'alpha', 0.9, ...
                            'epochs', 120);
save('-v7', 'distilled_model.mat', '-struct', 'small_model');
fprintf('small, distilled  %.12g accuracy\n', ...
        accuracy(predict_model(small_model, X_test), T_test));

% The article's own call for it. Its loss is a function of the model, its result is assigned, and
% it goes on from the network above. In Python oc.distill is the way.
large_output = predict_model(large_model, X);
loss = @(model) mse(predict_model(model, X), large_output);
closer = optimize(small_model, 'loss', loss, 'max_iterations', 20);
fprintf('optimize          distance %.6g before, %.6g after\n', loss(small_model), loss(closer));
