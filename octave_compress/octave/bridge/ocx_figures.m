function [numbers, images] = ocx_figures(format, resolution, folder)
  % The numbers of the open figures, and each as the bytes of a PNG or SVG file.
  numbers = builtin('sort', builtin('get', 0, 'children').');
  images = builtin('cell', builtin('size', numbers));
  states = builtin('warning');
  unwind_protect
    builtin('warning', 'off', 'all'); % what Octave's print warns of tells a user nothing
    for k = 1:builtin('numel', numbers)
      images{k} = picture(numbers(k), [folder, '/figure.', format], format, resolution);
    end
  unwind_protect_cleanup
    builtin('warning', 'on', 'all'); % forgets the states of single warnings
    builtin('warning', states);
  end
end

function bytes = picture(number, path, format, resolution)
  state = builtin('get', number, 'visible');
  unwind_protect
    builtin('set', number, 'visible', 'off'); % gnuplot would draw it with letters, too
    print(number, path, ['-d', format], builtin('sprintf', '-r%d', resolution));
    file = builtin('fopen', path, 'r');
    if file < 0
      builtin('error', 'nothing was drawn');
    end
    bytes = builtin('fread', file, Inf, '*uint8');
    builtin('fclose', file);
  unwind_protect_cleanup
    builtin('set', number, 'visible', state);
    [~, ~] = builtin('unlink', path); % there is none if nothing was drawn
  end
end
