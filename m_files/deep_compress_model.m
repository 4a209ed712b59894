% -*- texinfo -*-
% @deftypefn  {} {@var{model} =} deep_compress_model (@var{model}, @var{X}, @var{y}, @
% @var{X_val}, @var{y_val})
% @deftypefnx {} {@var{model} =} deep_compress_model (@dots{}, @var{name}, @var{value}, @dots{})
% Return a network that is pruned, whose weights share few levels, and that packs into few bytes.
%
% Deep Compression (Han, Mao and Dally 2015) in four stages, in each of which the network learns
% from a teacher, by default @var{model} itself:
%
% @enumerate
% @item
% connections go, more and more of them (Zhu and Gupta 2017), those first whose magnitude is small
% and whose position is expensive to code;
% @item
% the rest is trained further;
% @item
% its weights are drawn towards @qcode{"k"} levels a layer;
% @item
% the levels themselves are trained, each by the sum of its weights' gradients, and the epoch with
% the best accuracy on @var{X_val} and @var{y_val} is kept.
% @end enumerate
%
% Dead neurons are removed and those of hidden layers sorted by their number of inputs, which
% changes no output.  Levels and biases are multiples of a power of two, of which the largest has
% 256 at most, so that a file holds each in about a byte.  @code{pack_model} makes the bytes.
% @var{X} is (features x samples), @var{y} (outputs x samples).
% Options:
%
% @table @asis
% @item @qcode{"density"}
% Share of connections that stay, in the whole network (0.1), divided among the layers so that a
% layer's share is proportional to @code{(in + out) / (in * out)} (Mocanu et al. 2018); or one
% share a layer.
% @item @qcode{"k"}, @qcode{"bits"}
% How many levels, besides zero, the weights of a layer have, or that of codes of so many bits
% (@code{2 ^ bits - 1}); 4 bits by default.  One number for all or one a layer.
% @item @qcode{"bias_levels"}
% How many levels all biases share (16).
% @item @qcode{"schedule"}
% Shares of the epochs for the four stages (@code{[0.3, 0.3, 0.35, 0.05]}).
% @item @qcode{"locality"}
% How much the cost of a position counts in pruning (0.15); 0 prunes by magnitude alone.
% @item @qcode{"teacher"}
% The model to learn from.
% @item @qcode{"temperature"}, @qcode{"alpha"}
% As in @code{distill_model} (3 and 0.9).
% @item @qcode{"augment"}
% As in @code{train_model}; @qcode{"view_epochs"} epochs (3) meet the same warped samples.
% @item @qcode{"checkpoint"}
% Name of a file that keeps the state of the work.  A call with the same arguments goes on from
% there after a crash, or after a callback stopped it; the file is removed at the end.
% @end table
%
% The other options are those of @code{train_model}: @qcode{"epochs"} (100), @qcode{"batch_size"}
% (64), @qcode{"learning_rate"} (0.05, gradient descent with momentum), @qcode{"weight_decay"}
% (2e-4), @qcode{"seed"}, @qcode{"progress"} and @qcode{"callback"}.
%
% @example
% @group
% X = [0, 1, 0, 1; 0, 0, 1, 1];
% Y = [1, 0, 0, 1; 0, 1, 1, 0];
% model = train_model (X, Y, [2, 16, 2]);
% small = deep_compress_model (model, X, Y, X, Y, "density", 0.5, "k", 4, "epochs", 40);
% numel (small.layers@{1@}.codebook)
%    @result{} 5
% @end group
% @end example
% @seealso{pack_model, gradual_prune_model, share_model, distill_model}
% @end deftypefn

function model = deep_compress_model(model, X, y, X_val, y_val, varargin)
  if nargin < 5
    print_usage();
  end
  op = 'deep_compress_model';
  options = struct('density', 0.1, 'k', [], 'bits', [], 'bias_levels', 16, ...
                   'schedule', [0.3, 0.3, 0.35, 0.05], 'locality', 0.15, 'teacher', [], ...
                   'temperature', 3, 'alpha', 0.9, 'epochs', 100, 'batch_size', 64, ...
                   'learning_rate', 0.05, 'weight_decay', 2e-4, 'augment', [], ...
                   'view_epochs', 3, 'checkpoint', '', 'seed', 0, 'progress', false, ...
                   'callback', []);
  options = parse_options(op, options, varargin);
  layers = model_layers(op, 'MODEL', model);
  if any(cellfun(@(layer) strcmp(layer.activation, 'softmax'), layers(1:end - 1)))
    value_error(op, 'MODEL', 'have no hidden softmax layer');
  end
  type = class(layers{1}.weights);
  features = columns(layers{1}.weights);
  outputs = rows(layers{end}.weights);
  X = check_samples(op, 'X', X, features, type);
  y = check_targets(op, 'Y', y, outputs, columns(X), type);
  X_val = check_samples(op, 'X_VAL', X_val, features, type);
  y_val = check_targets(op, 'Y_VAL', y_val, outputs, columns(X_val));
  options = check_compression(op, options, layers);
  teacher = layers;
  if ~isempty(options.teacher)
    teacher = model_layers(op, 'TEACHER', options.teacher);
  end
  if columns(teacher{1}.weights) ~= features
    value_error(op, 'TEACHER', sprintf('take %d features', features), ...
                sprintf('%d', columns(teacher{1}.weights)));
  end
  if rows(teacher{end}.weights) ~= outputs
    value_error(op, 'TEACHER', sprintf('have %d outputs', outputs), ...
                sprintf('%d', rows(teacher{end}.weights)));
  end

  restore = seed_random(options.seed); %#ok
  objective_of = @(x) soft_objective(op, teacher, layers{end}.activation, x, y, [], options);
  view = sample_views(op, X, objective_of, options.augment);
  state = resumed(op, options, layers);
  while state.stage <= 4
    state = run_stage(op, state, layers, view, X_val, y_val, options);
  end
  layers = finished(state, features);
  if ~isempty(options.checkpoint) && ~state.is_stopped
    unlink(options.checkpoint);
  end
  model = model_like(model, layers);
end

function options = check_compression(op, options, layers)
  % The options, checked; density, k and epochs become one value a layer or a stage.
  count = numel(layers);
  sizes = cellfun(@(layer) size(layer.weights), layers, 'UniformOutput', false);
  if numel(options.density) == 1
    density = check_number(op, 'DENSITY', options.density, '(0, 1]');
    options.density = divided_density(density, sizes);
  else
    options.density = check_per_layer(op, 'DENSITY', options.density, count, ...
                                      @(value) check_number(op, 'DENSITY', value, '(0, 1]'));
  end
  if isempty(options.k) && isempty(options.bits)
    options.bits = 4;
  end
  if strcmp(check_one_of(op, options, {'k', 'bits'}), 'k')
    options.k = check_per_layer(op, 'K', options.k, count, ...
                                @(value) check_integer(op, 'K', value, '[1, 65536]'));
  else
    options.k = 2.^check_per_layer(op, 'BITS', options.bits, count, ...
                                   @(value) check_integer(op, 'BITS', value, '[1, 16]')) - 1;
  end
  options.bias_levels = check_integer(op, 'BIAS_LEVELS', options.bias_levels, '[1, 65536]');
  if numel(options.schedule) ~= 4
    value_error(op, 'SCHEDULE', 'have 4 shares', sprintf('%d', numel(options.schedule)));
  end
  shares = check_per_layer(op, 'SCHEDULE', options.schedule, 4, ...
                           @(value) check_number(op, 'SCHEDULE', value, '[0, Inf)'));
  if ~any(shares)
    value_error(op, 'SCHEDULE', 'not be all zeros');
  end
  options.locality = check_number(op, 'LOCALITY', options.locality, '[0, Inf)');
  options.temperature = check_number(op, 'TEMPERATURE', options.temperature, '[0.01, 1000]');
  options.alpha = check_number(op, 'ALPHA', options.alpha, '[0, 1]');
  options.view_epochs = check_integer(op, 'VIEW_EPOCHS', options.view_epochs, '[1, Inf)');
  if ~ischar(options.checkpoint)
    type_error(op, 'CHECKPOINT', 'be the name of a file');
  end
  views = options.view_epochs;
  defaults = training_defaults(struct());
  names = setdiff(fieldnames(defaults), fieldnames(options));
  for k = 1:numel(names)
    options.(names{k}) = defaults.(names{k});
  end
  options.loss = 'kl';
  options.solver = 'sgd';
  options = check_training(op, options, count);
  options.view_epochs = views;
  ends = round(options.epochs * cumsum(shares) / sum(shares));
  options.stage_epochs = diff([0, ends]);
end

function density = divided_density(density, sizes)
  % One density a layer: a whole that is DENSITY, where a layer's is in proportion to
  % (in + out) / (in * out) as far as 1 allows (Mocanu et al. 2018).
  weights = cellfun(@prod, sizes);
  wish = cellfun(@sum, sizes);
  wanted = density * sum(weights);
  full = false(size(weights));
  density = ones(size(weights));
  while any(~full)
    scale = (wanted - sum(weights(full))) / sum(wish(~full));
    density(~full) = scale * wish(~full) ./ weights(~full);
    over = ~full & density > 1;
    if ~any(over)
      break
    end
    density(over) = 1;
    full = full | over;
  end
  density = max(density, 0);
end

function state = first_state(layers)
  layers = all_masked(cellfun(@held_layer, layers, 'UniformOutput', false));
  state = struct('stage', 1, 'layers', {layers}, 'run', [], 'inputs', [], 'best', [], ...
                 'is_stopped', false);
  state.inputs = true(1, columns(layers{1}.weights));
end

function state = run_stage(op, state, original, view, X_val, y_val, options)
  % Does what is left of a stage and prepares the next one.
  hooks = no_hooks();
  settings = options;
  settings.epochs = options.stage_epochs(state.stage);
  settings.epochs_before = sum(options.stage_epochs(1:state.stage - 1));
  if state.is_stopped
    settings.epochs = 0;
  end
  if isempty(state.run)
    state = begin_stage(state, options);
  end
  switch state.stage
    case 1
      plan = struct('initial', min(0.8, 1 - options.density), 'final', 1 - options.density, ...
                    'rounds', 100, 'until', 0.8, 'locality', options.locality, ...
                    'scope', 'layer', 'regrow', false);
      hooks.step = @(run, share) prune_round(run, share, plan);
    case 2
      settings.annealing = 'cosine';
    case 3
      settings.annealing = 'cosine';
      settings.learning_rate = 0.6 * options.learning_rate;
      plan = struct('from', 3e-4, 'to', 0.1, 'every', 20);
      hooks.step = @(run, share) pull_weights(run, share, plan);
    case 4
      settings.solver = 'adam';
      settings.annealing = 'cosine';
      settings.learning_rate = options.learning_rate / 100;
      hooks.step = @(run, share) hold_biases(run);
      X_val = X_val(state.inputs, :);
      hooks.epoch = @(run) keep_best(run, X_val, y_val);
  end
  hooks.save = @(run) save_state(options, original, setfield(state, 'run', run));
  inputs = state.inputs;
  run = fit(op, state.run, @() seen_by(view, inputs), settings, hooks);
  state.is_stopped = state.is_stopped || run.is_stopped;
  switch state.stage
    case 1
      run = prune_round(run, 1, plan);
      state.layers = compact_model(struct('layers', {run.layers})).layers;
      state.inputs = any(state.layers{1}.mask, 1);
      state.layers{1}.weights = state.layers{1}.weights(:, state.inputs);
      state.layers{1}.mask = state.layers{1}.mask(:, state.inputs);
    case 2
      state.layers = run.layers;
    case 3
      state.layers = run.layers;
      state.levels = run.levels;
    case 4
      run = keep_best(hold_biases(run), X_val, y_val);
      state.layers = run.best;
  end
  state.run = [];
  state.stage = state.stage + 1;
end

function state = begin_stage(state, options)
  % The run that a stage begins with.
  layers = state.layers;
  state.run = start_run(layers);
  if state.stage < 3
    return
  end
  for k = 1:numel(layers)
    places = find(layers{k}.mask);
    w = sort(reshape(double(layers{k}.weights(places)), [], 1));
    if state.stage == 3
      levels = zeros(0, 1);
      if ~isempty(w)
        levels = kmeans_levels(w, initial_levels(w, options.k(k), 'density'));
      end
      state.run.levels{k} = levels;
      state.run.places{k} = places;
    else
      codes = nearest_level(double(layers{k}.weights(places)), state.levels{k}.');
      layers{k}.clusters = ones(size(layers{k}.weights));
      layers{k}.clusters(places) = codes + 2;
      layers{k}.weights(places) = state.levels{k}(codes + 1);
    end
  end
  if state.stage == 4
    layers = share_biases(layers, options.bias_levels);
    state.run = start_run(layers);
    state.run.biases = cellfun(@(layer) layer.bias, layers, 'UniformOutput', false);
    state.run.best = {};
    state.run.best_accuracy = -1;
  end
end

function layers = share_biases(layers, count)
  % LAYERS whose biases have one of COUNT values in the whole network.
  biases = cellfun(@(layer) double(layer.bias), layers, 'UniformOutput', false);
  x = sort(vertcat(biases{:}));
  levels = short_numbers(kmeans_levels(x, initial_levels(x, count, 'density')));
  for k = 1:numel(layers)
    codes = nearest_level(biases{k}, levels.');
    layers{k}.bias = cast(reshape(levels(codes + 1), [], 1), class(layers{k}.bias));
  end
end

function run = hold_biases(run)
  for k = 1:numel(run.layers)
    run.layers{k}.bias = run.biases{k};
  end
end

function run = keep_best(run, X_val, y_val)
  % Notes the layers, with the short levels that a file holds, if they are as good as any before.
  layers = run.layers;
  for k = 1:numel(layers)
    layers{k}.weights = short_numbers(layers{k}.weights);
  end
  share = accuracy(forward(layers, X_val), y_val);
  if share >= run.best_accuracy
    run.best_accuracy = share;
    run.best = layers;
  end
end

function [x, objective] = seen_by(view, inputs)
  % A view without the features that no connection takes.
  [x, objective] = view();
  if ~all(inputs)
    x = x(inputs, :);
  end
end

function layers = finished(state, features)
  % The layers of the result: all features, levels as codebooks.
  layers = state.layers;
  w = zeros(rows(layers{1}.weights), features, class(layers{1}.weights));
  w(:, state.inputs) = layers{1}.weights;
  layers{1}.weights = w;
  for k = 1:numel(layers)
    layer = rmfield(layers{k}, 'clusters');
    layer.mask = layer.weights ~= 0;
    layer.codebook = unique(layer.weights(:)).';
    layer.codes = level_codes(layer.weights, layer.codebook);
    layer.bits = bits_for(numel(layer.codebook));
    layer.scheme = 'codebook';
    layers{k} = layer;
  end
end

function state = resumed(op, options, layers)
  % The state in the checkpoint, or the first one.
  state = first_state(layers);
  if isempty(options.checkpoint) || ~exist(options.checkpoint, 'file')
    return
  end
  try
    kept = load('-binary', options.checkpoint);
    is_ours = isequal(kept.about, about_run(options, layers));
  catch
    is_ours = false;
  end
  if ~is_ours
    value_error(op, 'CHECKPOINT', 'be a file of a call with the same arguments (or be deleted)', ...
                ['"', options.checkpoint, '"']);
  end
  state = kept.state;
  rand('twister', kept.random{1});
  randn('twister', kept.random{2});
end

function save_state(options, layers, state)
  % Writes the checkpoint: whole or not at all.
  if isempty(options.checkpoint)
    return
  end
  about = about_run(options, layers); %#ok
  random = {rand('twister'), randn('twister')}; %#ok
  part = [options.checkpoint, '.part'];
  save('-binary', part, 'about', 'random', 'state');
  rename(part, options.checkpoint);
end

function about = about_run(options, layers)
  % What must be the same for a run to go on from a checkpoint.
  about = rmfield(options, {'callback', 'progress', 'checkpoint'});
  about.weights = cellfun(@(layer) layer.weights, layers, 'UniformOutput', false);
end

%!shared model, X, T
%! X = [0, 1, 0, 1, 0.5, 0.2; 0, 0, 1, 1, 0.2, 0.7];
%! T = [1, 0, 0, 1, 1, 0; 0, 1, 1, 0, 0, 1];
%! model = train_model(X, T, [2, 16, 8, 2], 'epochs', 200, 'learning_rate', 0.02);
%!test
%! small = deep_compress_model(model, X, T, X, T, 'density', 0.5, 'k', 3, 'epochs', 60);
%! for k = 1:3
%!   layer = small.layers{k};
%!   assert(layer.scheme, 'codebook');
%!   assert(nnz(layer.codebook) <= 3);
%!   assert(layer.weights ~= 0, layer.mask);
%! end
%! assert(sum(cellfun(@(layer) nnz(layer.mask), small.layers)) <= 0.5 * 176 + 3);
%! assert(accuracy(predict_model(small, X), T) >= 5 / 6);
%!test
%! small = deep_compress_model(model, X, T, X, T, 'density', [1, 0.25, 1], 'epochs', 0);
%! assert(nnz(small.layers{2}.weights) <= 32);
%! assert(numel(small.layers{1}.codebook) <= 15 + 1);
%!test  % what is stopped goes on from its checkpoint, to the same result
%! name = tempname();
%! options = {'epochs', 12, 'density', 0.5, 'seed', 4, 'view_epochs', 2};
%! whole = deep_compress_model(model, X, T, X, T, options{:});
%! deep_compress_model(model, X, T, X, T, options{:}, 'checkpoint', name, ...
%!                     'callback', @(info) info.epoch == 7);
%! assert(exist(name, 'file'), 2);
%! assert(deep_compress_model(model, X, T, X, T, options{:}, 'checkpoint', name), whole);
%! assert(exist(name, 'file'), 0);
%!error <MODEL must have no hidden softmax layer> ...
%! deep_compress_model(struct('W', {{1, 1}}, 'activation', {{'softmax', 'linear'}}), 1, 1, 1, 1);
%!error <DENSITY must be in \(0, 1\], got 0> deep_compress_model(model, X, T, X, T, 'density', 0)
%!error <SCHEDULE must have 4 shares, got 1> deep_compress_model(model, X, T, X, T, 'schedule', 1)
%!error <one of K and BITS must be given, got 2> ...
%! deep_compress_model(model, X, T, X, T, 'k', 1, 'bits', 1)
%!error <Invalid call> deep_compress_model(model, X, T, X)
