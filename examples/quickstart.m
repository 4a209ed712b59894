% The main job in Octave alone: train a network on real digits, compress it, and compare.
%
%   octave-cli examples/quickstart.m
%
% Takes less than a minute. The models go to the folder quickstart-output in the current one.

here = fileparts(mfilename('fullpath'));
addpath(fullfile(here, '..', 'm_files'));

% 1,797 images of 8 x 8 pixels, samples as columns. The validation images guide the work; the test
% images are looked at once, for the table.
digits = load(fullfile(here, '..', 'octave_compress', 'data', 'digits.mat'));
rand('twister', 1);
order = randperm(rows(digits.X));
X = double(digits.X(order, :)).' / 16;
classes = eye(10);
T = classes(:, double(digits.y(order)) + 1);
training = 1:1077;
validation = 1078:1437;
test_set = 1438:1797;
check = @(name, model) ...
  fprintf('%-44s %6.2f %% on validation\n', name, ...
          100 * accuracy(predict_model(model, X(:, validation)), T(:, validation)));

settings = {'epochs', 60, 'weight_decay', 1e-3, 'progress', true};
teacher = train_model(X(:, training), T(:, training), [64, 64, 32, 10], ...
                      'dtype', 'single', settings{:});
check('teacher', teacher);

cut = prune_model(teacher, 'sparsity', 0.8);
check('80 % of connections pruned', cut);
pruned = retrain_model(cut, X(:, training), T(:, training), settings{:});
check('retrained, pruned connections held at zero', pruned);

narrow = prune_model(teacher, 'sparsity', 0.5, 'unit', 'neuron');
check('50 % of neurons pruned', narrow);
shrunk = retrain_model(narrow, X(:, training), T(:, training), settings{:});
check('retrained', shrunk);

quantized = quantize_model(pruned, 'bits', 8, 'activations', X(:, training));
check('pruned, weights and activations in 8 bits', quantized);

% Temperature, alpha and epochs were chosen on the validation images.
settings{2} = 120;
alone = train_model(X(:, training), T(:, training), [64, 16, 10], 'dtype', 'single', settings{:});
check('small network, alone', alone);
student = distill_model(teacher, [64, 16, 10], X(:, training), T(:, training), ...
                        'temperature', 8, 'alpha', 0.9, settings{:});
check('small network, distilled', student);

% The table. Octave multiplies by zeros as by any number, so pruned connections save bytes and not
% time; a latency is that of all test images at once.
names = {'teacher', 'pruned connections', 'pruned neurons', 'pruned, 8 bits', ...
         'small, alone', 'small, distilled'};
models = {teacher, pruned, shrunk, quantized, alone, student};
fprintf('\n%-19s %10s %8s | %7s %7s %7s | %8s | %16s | %12s %11s\n', 'model', 'parameters', ...
        'nonzero', 'dense', 'packed', 'sparse', 'accuracy', 'latency ms', 'energy', 'energy nJ');
fprintf('%-19s %10s %8s | %23s | %8s | %16s | %12s %11s\n', '', '', '', 'bytes', ...
        'test', 'median +- IQR/2', 'proportional', 'physical');
for k = 1:numel(models)
  counts = count_model(models{k});
  energy = energy_model(models{k});
  ms = sort(1000 * time_model(models{k}, X(:, test_set), 'repeats', 100));
  quartiles = ms([25, 76]);
  if k == 1
    of_teacher = quartiles;
  end
  mark = ' ';
  if k > 1 && quartiles(1) <= of_teacher(2) && quartiles(2) >= of_teacher(1)
    mark = '~';
  end
  share = accuracy(predict_model(models{k}, X(:, test_set)), T(:, test_set));
  fprintf('%-19s %10d %8d | %7d %7d %7d | %6.2f %% |%s %7.3f +- %5.3f | %12.6f %11.1f\n', ...
          names{k}, counts.parameters, counts.nonzeros, ...
          counts.bytes_dense, counts.bytes_packed, counts.bytes_sparse, 100 * share, ...
          mark, median(ms), diff(quartiles) / 2, energy.proportional, energy.total_pj / 1000);
end
fprintf('~: no measurable difference from the teacher; accuracies are known to +-%.1f points\n', ...
        196 * sqrt(share * (1 - share) / numel(test_set)));
fprintf(['energy: parameters x 1e-6, without a unit; nJ at 45 nm with %g pJ a DRAM word, ', ...
         '%g pJ a MAC, %g pJ in 8 bits\n'], ...
        energy.memory_pj, energy_model(teacher).mac_pj, energy_model(quantized).mac_pj);

% Codes stand for the weights: without these the file holds one byte a weight.
for k = 1:numel(quantized.layers)
  quantized.layers{k} = rmfield(quantized.layers{k}, 'weights');
end
folder = fullfile(pwd(), 'quickstart-output');
[~, ~] = mkdir(folder);
files = {'model.mat', 'pruned_model.mat', 'quantized_model.mat', 'distilled_model.mat'};
saved = {teacher, pruned, quantized, student};
fprintf('\nin %s:\n', folder);
for k = 1:numel(files)
  model = saved{k};
  save('-v7', fullfile(folder, files{k}), '-struct', 'model');
  fprintf('  %-20s %6d bytes\n', files{k}, stat(fullfile(folder, files{k})).size);
end
